// Package migrations holds the steps of the schema, one SQL file each, applied in
// the order of their numbers. A released file is never edited: what it made is in
// every company's database. Rules, held by a test: each table has a primary key,
// each foreign key is DEFERRABLE, there are no triggers.
package migrations

import "embed"

// Files are the steps.
//
//go:embed *.sql
var Files embed.FS
