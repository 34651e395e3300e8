package databaseserver

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/postgres"
)

// What a server's own recovery may lack before it is said to be off.
const (
	archiveAge = 26 * time.Hour     // a day, and time for the one that is late
	baseAge    = 8 * 24 * time.Hour // a week, and a day
)

// backedUp judges a server's own recovery. Its message holds no time, so that it
// stays the same while nothing changes.
func backedUp(r postgres.Recovery, admin string, now time.Time) metav1.Condition {
	say := func(status metav1.ConditionStatus, reason, format string, args ...any) metav1.Condition {
		return metav1.Condition{Type: v1alpha1.ConditionServerBackedUp, Status: status, Reason: reason, Message: fmt.Sprintf(format, args...)}
	}
	since := r.LastArchived
	if since.IsZero() {
		since = r.CountsSince // nothing yet, or forgotten in a crash
	}
	switch {
	case !r.Archives:
		return say(metav1.ConditionFalse, v1alpha1.ReasonNotArchiving,
			"archive_mode is off: what was written since the last copy of this server would be lost with its disk; set archive_mode, archive_command and archive_timeout")
	case r.LastFailed.After(r.LastArchived):
		return say(metav1.ConditionFalse, v1alpha1.ReasonNotArchiving,
			"archiving fails: the server's log says why, and its disk fills until it works again")
	case now.Sub(since) > archiveAge:
		return say(metav1.ConditionFalse, v1alpha1.ReasonNotArchiving,
			"nothing was archived for more than %s: set archive_timeout, and see whether archive_command or archive_library is set", archiveAge)
	case r.MayList && now.Sub(r.BaseBackup) > baseAge:
		return say(metav1.ConditionFalse, v1alpha1.ReasonBaseBackupOld,
			"no base backup of this server is younger than %d days: make one (pg_basebackup, pgbackrest backup) and schedule the next", int(baseAge.Hours()/24))
	case !r.MayList:
		return say(metav1.ConditionUnknown, v1alpha1.ReasonNotGranted,
			"archiving is on, but how old the last base backup is cannot be seen: GRANT pg_monitor TO %s", admin)
	case r.LastArchived.IsZero():
		return say(metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "archiving is on, and nothing was archived yet since the server counts")
	}
	return say(metav1.ConditionTrue, v1alpha1.ReasonArchiving, "archiving works and the last base backup is young")
}
