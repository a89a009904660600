"""The data contract's two compilers: one columnar pass, and one per-record decoder."""
