"""Drawing with OpenGL through vispy's gloo. No GL or vispy type leaves this folder."""
