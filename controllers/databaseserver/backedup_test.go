package databaseserver

import (
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/internal/postgres"
)

func TestBackedUp(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	hours := func(n int) time.Time { return now.Add(-time.Duration(n) * time.Hour) }
	cases := map[string]struct {
		recovery postgres.Recovery
		want     string // status, reason
		words    string // of the message
	}{
		"off":                        {postgres.Recovery{MayList: true, BaseBackup: hours(1)}, "False NotArchiving", "set archive_mode"},
		"fails":                      {postgres.Recovery{Archives: true, LastArchived: hours(2), LastFailed: hours(1), MayList: true, BaseBackup: hours(1)}, "False NotArchiving", "log says why"},
		"failed, and works again":    {postgres.Recovery{Archives: true, LastArchived: hours(1), LastFailed: hours(2), MayList: true, BaseBackup: hours(1)}, "True Archiving", "works"},
		"nothing for 27 hours":       {postgres.Recovery{Archives: true, LastArchived: hours(27), MayList: true, BaseBackup: hours(1)}, "False NotArchiving", "archive_timeout"},
		"nothing for 25 hours":       {postgres.Recovery{Archives: true, LastArchived: hours(25), MayList: true, BaseBackup: hours(1)}, "True Archiving", "works"},
		"never, on for long":         {postgres.Recovery{Archives: true, CountsSince: hours(27), MayList: true, BaseBackup: hours(1)}, "False NotArchiving", "archive_command"},
		"not yet":                    {postgres.Recovery{Archives: true, CountsSince: hours(1), MayList: true, BaseBackup: hours(1)}, "Unknown Waiting", "nothing was archived yet"},
		"base backup of nine days":   {postgres.Recovery{Archives: true, LastArchived: hours(1), MayList: true, BaseBackup: hours(9 * 24)}, "False BaseBackupOld", "younger than 8 days"},
		"base backup of seven days":  {postgres.Recovery{Archives: true, LastArchived: hours(1), MayList: true, BaseBackup: hours(7 * 24)}, "True Archiving", "young"},
		"no base backup":             {postgres.Recovery{Archives: true, LastArchived: hours(1), MayList: true}, "False BaseBackupOld", "pg_basebackup"},
		"may not see the base":       {postgres.Recovery{Archives: true, LastArchived: hours(1)}, "Unknown NotGranted", `GRANT pg_monitor TO "admin"`},
		"may not see, does not work": {postgres.Recovery{Archives: true, LastArchived: hours(2), LastFailed: hours(1)}, "False NotArchiving", "log says why"},
	}
	for name, c := range cases {
		got := backedUp(c.recovery, `"admin"`, now)
		if is := string(got.Status) + " " + got.Reason; is != c.want || !strings.Contains(got.Message, c.words) {
			t.Errorf("%s: %s: %s; want %s with %q", name, is, got.Message, c.want, c.words)
		}
	}
}
