#!/bin/sh
# gitstars, one file: behind these lines stands the program as a compressed archive. It is unpacked
# once for each build, into the user's cache, and runs from there.
part=
trap 'rm -rf "$part"; exit 130' INT
trap 'rm -rf "$part"; exit 0' TERM HUP
build=@BUILD@
for folder in "${XDG_CACHE_HOME:+$XDG_CACHE_HOME/gitstars}" "${HOME:+$HOME/.cache/gitstars}" \
    "${TMPDIR:-/tmp}/gitstars-$(id -u)"; do
    case $folder in
    /*) ;;
    *) continue ;;
    esac
    (umask 077 && mkdir -p "$folder") 2>/dev/null || continue
    # Nobody else may put a program there.
    [ -O "$folder" ] && [ ! -L "$folder" ] || continue
    program=$folder/$build/gitstars
    if [ ! -x "$program" ]; then
        # What somebody began to unpack and was killed over.
        find "$folder" -maxdepth 1 -name 'part.*' -mmin +60 -exec rm -rf {} + 2>/dev/null
        part=$(mktemp -d "$folder/part.XXXXXX" 2>/dev/null) || continue
        # Whole or not at all: the folder gets its name when everything is there. Of two that unpack
        # at once one is first.
        if tail -c +@OFFSET@ "$0" | tar -xzf - -C "$part" 2>/dev/null; then
            mv "$part/gitstars" "$part/$build" && mv "$part/$build" "$folder/" 2>/dev/null
        fi
        rm -rf "$part"
    fi
    if [ -x "$program" ]; then
        GITSTARS_FILE=$0
        export GITSTARS_FILE
        exec "$program" "$@"
    fi
done
echo "gitstars found no folder that it may unpack itself into (120 MB): set XDG_CACHE_HOME to one, by its whole path" >&2
exit 2
