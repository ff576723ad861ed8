#!/bin/sh
# A real MediaWiki (Debian's package) on SQLite and on loopback alone, for the tests of source 'commons'.
#   scripts/mediawiki.sh install                  the packages, where that needs no question (root, apt)
#   scripts/mediawiki.sh setup PAGES STATE PORT   a new wiki in STATE. PAGES/files/: pictures, each with NAME.txt beside
#                                                 it, the text of its page; PAGES/categories/NAME.txt: categories
#   scripts/mediawiki.sh serve STATE PORT         answers until it is ended
# What it does to clients (throttling, opt-outs) is in tests/mediawiki/router.php.
set -eu
wiki=/usr/share/mediawiki
here=$(cd "$(dirname "$0")/../tests/mediawiki" && pwd)

is_installed() {
    [ -f $wiki/api.php ] && command -v php >/dev/null 2>&1 && php -m | grep -qi '^pdo_sqlite$' && php -m | grep -qi '^gd$'
}

install() {
    is_installed && exit 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing MediaWiki for its tests ..."
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            mediawiki php-cli php-gd php-intl php-mbstring php-sqlite3 php-xml; } >/dev/null 2>&1 || true
    fi
    is_installed || echo "No MediaWiki here; its tests will be skipped (Debian: mediawiki, php-sqlite3, php-gd)." >&2
}

setup() {
    pages=$1 state=$2 port=$3
    mkdir -p "$state/db" "$state/conf" "$state/web/images"
    ln -s $wiki "$state/web/w"
    printf 'User-agent: *\nAllow: /images/\nDisallow: /w/\n' >"$state/web/robots.txt"
    # The installer refuses to run where settings are found already, so they get their place afterwards.
    php $wiki/maintenance/install.php --dbtype sqlite --dbpath "$state/db" --dbname wiki --lang en --skins '' \
        --server "http://127.0.0.1:$port" --scriptpath /w --pass "only-for-this-test" --confpath "$state/conf" \
        LoopbackWiki Admin >"$state/log"
    mv "$state/conf/LocalSettings.php" "$state/LocalSettings.php"
    printf '$stateFolder = "%s";\nrequire "%s/settings.php";\n' "$state" "$here" >>"$state/LocalSettings.php"
    export MW_CONFIG_FILE="$state/LocalSettings.php"
    php $wiki/maintenance/importImages.php --user Admin --comment-ext txt --extensions jpg,png,webp \
        "$pages/files" >>"$state/log" 2>&1
    for page in "$pages/categories/"*.txt; do
        php $wiki/maintenance/edit.php --user Admin "Category:$(basename "$page" .txt)" <"$page" >>"$state/log" 2>&1
    done
    php $wiki/maintenance/runJobs.php >>"$state/log" 2>&1
    php $wiki/maintenance/rebuildtextindex.php >>"$state/log" 2>&1
}

serve() {
    state=$1 port=$2
    export MW_CONFIG_FILE="$state/LocalSettings.php" WIKI_STATE="$state" PHP_CLI_SERVER_WORKERS=4
    exec php -d display_errors=0 -S "127.0.0.1:$port" -t "$state/web" "$here/router.php"
}

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
install | setup | serve) "$command" "$@" ;;
*) sed -n '2,7s/^# //p' "$0" >&2; exit 2 ;;
esac
