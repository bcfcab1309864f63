"""An armed request: everything constant about a kind of order laid out and hashed ahead."""

class PhemexTemplate:
    """Made by `OrderEncoder.make_template`; belongs to that encoder's credentials."""

    @property
    def symbol(self) -> str: ...
