// Package backup holds what the operator and the agent agree on about backups of a
// tenant: where what lies in the tenant's bucket of a backup store, what the agent is
// told (Task), what it leaves behind (Progress, Manifest, Outcome) and how keys are
// derived. It has no client and no clock.
//
// The bucket of a tenant in a backup store:
//
//	m/<backup>.json, m/<backup>.sig   Manifest and its Ed25519 signature (64 bytes)
//	m/<backup>.schema.sql.age         pg_dump --schema-only, for people; full backups
//	g/<generation>/                   a restic repository; a full backup opens one
//	e/<epoch>/identity                the epoch's age identity, sealed (SealIdentity)
//	e/<epoch>/<object>                an object of the tenant, encrypted with age
//	p/<backup>.json                   Progress, while the agent works
//
// Each restic snapshot holds one file, Stream. It is SQL that psql can read: first a
// line of comment for each object of the tenant's bucket, then the rows of each table
// as COPY … FROM stdin, then the sequences.
package backup

import (
	"crypto/sha256"
	"encoding/hex"
)

// Stream is the file of a snapshot.
const Stream = "/stream.sql"

// Lines of a Stream. The part with objects comes first and ends with LineRows, so that
// it can be read without the rows, and no row can be taken for one of its lines.
const (
	LineObject = "-- object " // and an Object as JSON
	LineRows   = "-- rows"
	LineEnd    = "-- end" // the last line: a stream without it is cut off
)

// ManifestOf names a backup's manifest, in the tenant's bucket of the backup store.
func ManifestOf(backup string) string { return "m/" + backup + ".json" }

// SignatureOf names what signs it.
func SignatureOf(backup string) string { return "m/" + backup + ".sig" }

// SchemaOf names its pg_dump of the schema, encrypted with age.
func SchemaOf(backup string) string { return "m/" + backup + ".schema.sql.age" }

// ProgressOf names what its agent says while it works.
func ProgressOf(backup string) string { return "p/" + backup + ".json" }

// RepositoryOf names the folder of a generation's restic repository.
func RepositoryOf(generation string) string { return "g/" + generation }

// IdentityOf names an epoch's sealed identity.
func IdentityOf(epoch string) string { return "e/" + epoch + "/identity" }

// ObjectsOf names the folder of an epoch's encrypted copies.
func ObjectsOf(epoch string) string { return "e/" + epoch + "/" }

// ObjectOf is where an object of the tenant lies in an epoch. Objects are never
// written twice under one key; where one was all the same, its version tells them apart.
func ObjectOf(epoch string, o Object) string { return ObjectsOf(epoch) + o.Name() }

// Name is that of an object's encrypted copy.
func (o Object) Name() string {
	sum := sha256.Sum256([]byte(o.Key + "\n" + o.Version))
	return hex.EncodeToString(sum[:])
}

// Bucket is the name of a tenant's bucket in a backup store.
func Bucket(installation, id string) string { return installation + "-b-" + id }
