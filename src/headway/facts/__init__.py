"""HAPPENED: frozen records of what took place. One append-only table holds them all."""
