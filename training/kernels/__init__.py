"""Compiled convolutions behind one door; nothing else imports what is inside."""
