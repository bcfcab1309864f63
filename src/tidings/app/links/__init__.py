"""What ties an engine to the venue: addresses, lanes, streams, questions, its clock."""
