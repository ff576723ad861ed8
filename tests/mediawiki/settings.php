<?php
// What the test's wiki has beside the installer's settings; $stateFolder is the folder that it lives in.

$wgEnableUploads = true;
$wgUploadDirectory = "$stateFolder/web/images";
$wgUploadPath = '/images';
$wgFileExtensions = [ 'png', 'jpg', 'jpeg', 'webp' ];
$wgUseImageMagick = false; // GD makes the thumbnails
$wgJobRunRate = 0;
$wgMainCacheType = CACHE_NONE;

// Wikimedia Commons has the extension CommonsMetadata, which reads licence, author and date from a file's page. Here
// the page says them in an HTML comment, and this hook, which is the extension's own, hands them on.
$wgHooks['GetExtendedMetadata'][] = static function ( &$stated, $file, $context, $single, &$maxCacheTime ) {
	$services = MediaWiki\MediaWikiServices::getInstance();
	$revision = $services->getRevisionLookup()->getRevisionByTitle( $file->getTitle() );
	$content = $revision ? $revision->getContent( 'main' ) : null;
	if ( $content && preg_match( '/<!-- metadata (\{.*?\}) -->/s', $content->getText(), $found ) ) {
		foreach ( json_decode( $found[1], true ) as $key => $value ) {
			$stated[$key] = [ 'value' => $value, 'source' => 'commons-desc-page' ];
		}
	}
};
