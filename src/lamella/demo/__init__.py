"""The demo: a procedural microscope volume of any size, and the slow HTTP server it is looked at through.

Nothing of it is imported by ``import lamella``.
"""
