"""The market of each instrument: matching, tape, prices, and the flow behind the users."""
