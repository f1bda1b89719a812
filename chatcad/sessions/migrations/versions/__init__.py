"""One file a change; what a number did is never edited afterwards."""
