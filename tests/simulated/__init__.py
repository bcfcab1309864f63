"""The real engine against the real exchange, on a virtual clock and a byte-level network: every fault, no waiting.

    loop            virtual time, and an event loop that lives in it
    wire            connections whose bytes take time, and can be stopped, cut, and looked at
    gateway         the machine between the wires and the exchange: whole requests and answers, and what befalls them
    disk            what is written, and what survives the process or the power
    faults          every kind of fault by name (request_, stream_, venue_faults), and the box that holds those in force
    exchange_side   the exchange behind the gateway; ground_truth reads its memory
    engine_process  the engine as a process that can be started, killed and started again
    trader          who places, amends and cancels at random
    schedule        seed → one run's settings, actions and faults
    limits          tight limits of one run; order_words reads from the wire what an order asks for
    kill_faults     the kill switch, thrown in the middle of all that; state_directory holds its latch
    oracle          what must never happen, judged from outside; limits_oracle and kill_oracle judge I10,
                    risk_watch tells them what is heard
    simulation      one schedule, run; campaign: many
    shrink          the fewest faults and actions that still fail
    cuts            a connection cut at every byte of one scenario
"""
