"""Results as tables, figures and pages, and several runs compared."""
