"""FIX 4.4: fields and messages ⇄ bytes, what they may hold, and the session that carries them. Sans-IO."""
