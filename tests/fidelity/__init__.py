"""How faithful the local exchange is: samples of the venue's messages, played against it and compared key by key."""
