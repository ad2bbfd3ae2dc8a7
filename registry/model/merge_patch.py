"""JSON merge patches (RFC 7396): how a few members of a document are changed."""


def merge_patch(target: object, patch: object) -> object:
    """Return `target`, a JSON value, as `patch` changes it: null removes a member, all but objects replace.

    This is the algorithm of RFC 7396, section 2; neither argument is changed.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
