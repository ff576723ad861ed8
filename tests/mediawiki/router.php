<?php
// The web server before the test's wiki: it treats clients as Wikimedia's servers do.
//   - a user agent without a contact gets 403;
//   - every sixth request for the API or a file gets 429 with Retry-After (the count is kept in a file: the server
//     has several processes);
//   - every answer that it gives itself is a line "status path" on stderr;
//   - files with "opted out" in their name say X-Robots-Tag: noai.

$path = rawurldecode( parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );

function note( int $status ): void {
	file_put_contents( 'php://stderr', "$status " . $_SERVER['REQUEST_URI'] . "\n" );
}

function refuse( int $status, string $why, string ...$headers ): bool {
	note( $status );
	http_response_code( $status );
	header( 'Content-Type: text/plain' );
	array_map( 'header', $headers );
	echo "$why\n";
	return true;
}

function every( int $times ): bool {
	$counter = fopen( getenv( 'WIKI_STATE' ) . '/requests', 'c+' );
	flock( $counter, LOCK_EX );
	$count = (int)stream_get_contents( $counter ) + 1;
	rewind( $counter );
	fwrite( $counter, (string)$count );
	fclose( $counter );
	return $count % $times === 0;
}

if ( $path === '/robots.txt' ) {
	return false; // the file itself
}
if ( !preg_match( '/@|https?:/', $_SERVER['HTTP_USER_AGENT'] ?? '' ) ) {
	return refuse( 403, 'Please set a user-agent and say how to reach you.' );
}
$isFile = str_starts_with( $path, '/images/' );
if ( ( $isFile || $path === '/w/api.php' ) && every( 6 ) ) {
	return refuse( 429, 'Too many requests', 'Retry-After: 1' );
}
if ( !$isFile ) {
	return false; // the wiki
}
$root = realpath( $_SERVER['DOCUMENT_ROOT'] . '/images' );
$file = realpath( $_SERVER['DOCUMENT_ROOT'] . $path );
if ( !$file || !str_starts_with( $file, "$root/" ) || !is_file( $file ) ) {
	return refuse( 404, 'There is no such file.' );
}
header( 'Content-Type: ' . mime_content_type( $file ) );
header( 'Content-Length: ' . filesize( $file ) );
if ( str_contains( $file, 'opted_out' ) ) {
	header( 'X-Robots-Tag: noai' );
}
readfile( $file );
note( 200 );
return true;
