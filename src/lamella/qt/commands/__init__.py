"""The functions behind the menus and keys. Each takes the viewer and returns at once."""
