"""Trading rules, one file each; `registry` names them."""
