package backup

import (
	"fmt"
	"time"
)

// Limits of backups at work at a time.
const (
	AtOncePerDatabase = 2
	AtOncePerStore    = 4
)

// Waiting is a backup that is at work or waits for its turn.
type Waiting struct {
	Name     string
	TenantID string
	Database string // name of the DatabaseServer
	Store    string // name of the ObjectStore; empty before its turn
	Created  time.Time
	AtWork   bool
}

// Turn says why a backup has to wait among all that are not finished; empty: its turn
// has come. A tenant's backups come one by one, in the order in which they were made.
func Turn(me Waiting, all []Waiting) (why string) {
	onDatabase, onStore := 0, 0
	for _, o := range all {
		switch {
		case o.Name == me.Name:
			continue
		case o.TenantID == me.TenantID && o.AtWork:
			return fmt.Sprintf("backup %s of the same company is at work", o.Name)
		case o.TenantID == me.TenantID && earlier(o, me):
			return fmt.Sprintf("backup %s of the same company comes first", o.Name)
		}
		if o.AtWork && o.Database == me.Database {
			onDatabase++
		}
		if o.AtWork && o.Store == me.Store {
			onStore++
		}
	}
	if onDatabase >= AtOncePerDatabase {
		return fmt.Sprintf("%d backups read from DatabaseServer %s, and no more do at a time", onDatabase, me.Database)
	}
	if onStore >= AtOncePerStore {
		return fmt.Sprintf("%d backups write to ObjectStore %s, and no more do at a time", onStore, me.Store)
	}
	return ""
}

func earlier(a, b Waiting) bool {
	if c := a.Created.Compare(b.Created); c != 0 {
		return c < 0
	}
	return a.Name < b.Name
}
