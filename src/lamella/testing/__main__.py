"""``python -m lamella.testing --folder FOLDER``: what `ServerProcess` runs."""

from lamella.testing.process import main

main()
