"""The plan: tables, ledger, prices, reasons, certificate; verified, written, read back."""
