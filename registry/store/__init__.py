"""The store: the catalogue ConfigMap, one immutable ConfigMap per revision, and the way between both."""
