"""One file per part of the evidence that verification derives again. Each yields findings and changes nothing."""
