"""The page that shows each part of the studio's pages once, for whoever builds one more."""
