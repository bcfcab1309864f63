"""FIX 4.4 without sockets and without a clock: codec, dictionary, validation, session, stores."""
