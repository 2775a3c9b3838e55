"""The launcher behind ./seedbed; standard library only, so that it runs before anything is built."""
