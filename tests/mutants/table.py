"""All mutants.

`new` holds the word MUTATED, which becomes the switch. A mutant with no `tests` is for the simulation to catch; the
others lie where it does not reach, and are for the tests named, of which one has to fail.
"""

from tests.mutants.recording_mutants import RECORDING_MUTANTS
from tests.mutants.request_mutants import REQUEST_MUTANTS
from tests.mutants.risk_mutants import RISK_MUTANTS
from tests.mutants.state_mutants import STATE_MUTANTS

MUTANTS = (*REQUEST_MUTANTS, *RISK_MUTANTS, *STATE_MUTANTS, *RECORDING_MUTANTS)
