"""What USD-M's messages share with these."""

cpdef str trigger_or(trigger, default)
