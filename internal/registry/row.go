package registry

import (
	"reflect"
	"strings"
	"time"
)

// State of a tenant.
type State string

// States.
const (
	Active   State = "active"   // a Tenant exists, or existed when the cluster was lost
	Retained State = "retained" // its Tenant was deleted, its data kept
	Dropped  State = "dropped"  // its Tenant and its data were deleted
)

// Row is one tenant.
type Row struct {
	ID      string
	Name    string // of the Tenant
	State   State
	Store   string // name of the ObjectStore
	Bucket  string
	Schema  string // the active one; empty until it was made
	Release string // the data is migrated for; empty before the first migration
	Target  string // the release that a migration leads to
	// AppDigest and MigrateDigest are SHA-256 of the passwords that the logins have
	// on the server, to know whether they are those in the cluster's Secrets.
	AppDigest     []byte
	MigrateDigest []byte
	// BucketMade is true once the bucket existed: from then on its absence is a loss.
	BucketMade bool
	// Login is the app's login in use: a or b. Rotation swaps them.
	Login string
	// LoginSince is when that login got its password.
	LoginSince time.Time
	// CloseOther is when the login that was in use before is closed; nil when it is.
	CloseOther *time.Time
	// Rotation is the value of the annotation atrium.dev/rotate that was followed last.
	Rotation string
	// Key is the id of the root key whose wrapped copy is in the backup store; empty
	// before. KeyCheck is derived from the key, to know it again.
	Key      string
	KeyCheck []byte
	// KeyDestroyed is when the wrapped copies were destroyed on request.
	KeyDestroyed *time.Time
	// Backup names who works on the tenant's backups, and BackupUntil is when that
	// ends at the latest: until then nobody else does, and the login that reads rows
	// for it stays as it is. Empty: nobody.
	Backup      string
	BackupUntil time.Time
	// DataEpoch starts at 1 and grows whenever other rows take the place of the
	// company's, see NextEpoch: whoever remembers something of them lets go of it then.
	DataEpoch int64
	// Hold names who keeps the company stopped, for example "restore/<TenantRestore>":
	// nothing of it runs or begins meanwhile. Empty: nobody.
	Hold string
	// Restored names the TenantBackup whose rows a new company began with, from when
	// they were all there, and Source is the id of the company that it was of.
	Restored string
	Source   string
}

// BackingUp says whether somebody works on the tenant's backups.
func (row *Row) BackingUp(now time.Time) bool { return row.Backup != "" && now.Before(row.BackupUntil) }

// Read says whether a backup reads the tenant's rows.
func (row *Row) Read(now time.Time) bool {
	return strings.HasPrefix(row.Backup, ReadsRows) && row.BackingUp(now)
}

// ReadsRows begins the name of who works on a tenant's backups and reads its rows, and
// Restores that of who brings one back: it fills a schema by the login that migrates.
const (
	ReadsRows = "backup/"
	Restores  = "restore/"
)

// BeingRestored says whether somebody brings a backup of the tenant back, or one to it.
func (row *Row) BeingRestored(now time.Time) bool {
	return strings.HasPrefix(row.Backup, Restores) && row.BackingUp(now)
}

// NextEpoch begins a data epoch that no rows have seen, whosever they were before: a
// company's own epochs alone do not tell which ones a copy of another brings along, so
// the time in seconds counts as well.
func (row *Row) NextEpoch(now time.Time) { row.DataEpoch = max(row.DataEpoch+1, now.Unix()) }

const columns = `id, name, state, store, bucket, schema, release, target, app_digest, migrate_digest, bucket_made,
	login, login_since, close_other, rotation, key, key_check, key_destroyed, backup, backup_until,
	data_epoch, hold, restored, source`

func (row *Row) targets() []any {
	return []any{
		&row.ID, &row.Name, &row.State, &row.Store, &row.Bucket, &row.Schema, &row.Release, &row.Target,
		&row.AppDigest, &row.MigrateDigest, &row.BucketMade,
		&row.Login, &row.LoginSince, &row.CloseOther, &row.Rotation, &row.Key, &row.KeyCheck, &row.KeyDestroyed,
		&row.Backup, &row.BackupUntil, &row.DataEpoch, &row.Hold, &row.Restored, &row.Source,
	}
}

func (row Row) same(other Row) bool {
	return reflect.DeepEqual(row, other)
}
