"""What an implementation of a port must do: one suite per port, for Headway's adapters and its users'."""
