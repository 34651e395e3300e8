package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TenantBackupSpec asks for one backup of one company.
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a TenantBackup never changes: it says what one backup is of; make another TenantBackup"
type TenantBackupSpec struct {
	// tenant is the name of the Tenant.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=56
	Tenant string `json:"tenant"`

	// type of the backup. Full opens a new generation, an independent copy of all rows.
	// Incremental adds to the latest generation what changed since; while there is none
	// that lives it becomes a full one, and status.type says so.
	// +optional
	// +kubebuilder:default=Incremental
	// +kubebuilder:validation:Enum=Full;Incremental
	Type BackupType `json:"type,omitempty"`
}

// BackupPolicy says when a company is backed up and how long backups are kept.
type BackupPolicy struct {
	// window is the part of the day in which a backup begins, each day, at a time of
	// its own for each company. Six of seven are incremental, one a week is full.
	// +optional
	// +kubebuilder:default={}
	Window BackupWindow `json:"window"`
	// retention says which backups are kept. They go by whole generations, the latest
	// one never.
	// +optional
	// +kubebuilder:default={}
	Retention BackupRetention `json:"retention"`
	// drillDays is how old the last proof that a backup can be restored may become. Then a
	// drill follows the next backup. 0: no drills.
	// +optional
	// +kubebuilder:default=30
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=366
	DrillDays int32 `json:"drillDays"`
}

// BackupWindow is in the company's time zone.
type BackupWindow struct {
	// start of the window.
	// +optional
	// +kubebuilder:default="01:00"
	// +kubebuilder:validation:MaxLength=5
	// +kubebuilder:validation:XValidation:rule="self.matches('^([01][0-9]|2[0-3]):[0-5][0-9]$')",message="start must be a time of day such as 01:00 or 23:30"
	Start string `json:"start"`
	// hours that it lasts; it may go past midnight.
	// +optional
	// +kubebuilder:default=4
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=12
	Hours int32 `json:"hours"`
}

// BackupRetention keeps the last backup of each of so many days, weeks and months.
//
// +kubebuilder:validation:XValidation:rule="!has(self.daily) || !has(self.weekly) || !has(self.monthly) || self.daily + self.weekly + self.monthly > 0",message="retention must keep something: set daily, weekly or monthly to at least 1"
type BackupRetention struct {
	// daily: days.
	// +optional
	// +kubebuilder:default=7
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=366
	Daily int32 `json:"daily"`
	// weekly: weeks, from Monday to Sunday.
	// +optional
	// +kubebuilder:default=4
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=520
	Weekly int32 `json:"weekly"`
	// monthly: months.
	// +optional
	// +kubebuilder:default=12
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=120
	Monthly int32 `json:"monthly"`
}

// BackupSummary is what there is of a company's backups.
type BackupSummary struct {
	// last is the name of the latest complete TenantBackup.
	// +optional
	Last string `json:"last,omitempty"`
	// moment that its rows are of.
	// +optional
	Moment *metav1.Time `json:"moment,omitempty"`
	// next is when the schedule asks for one.
	// +optional
	Next *metav1.Time `json:"next,omitempty"`
	// day whose backup was asked for last, as the schedule counts them.
	// +optional
	Day string `json:"day,omitempty"`
	// skipped days, whose window passed while another backup was pending or the
	// operator was away.
	// +optional
	Skipped int32 `json:"skipped,omitempty"`
	// proven is the latest drill that restored one of the company's backups.
	// +optional
	Proven *BackupProven `json:"proven,omitempty"`
}

// BackupProven says which backup is known to be restorable.
type BackupProven struct {
	// restore is the name of the TenantRestore.
	Restore string `json:"restore"`
	// moment that the restored rows are of.
	Moment metav1.Time `json:"moment"`
	// at is when that was proven.
	At metav1.Time `json:"at"`
}

// BackupType says how much a backup copies.
type BackupType string

// Backup types.
const (
	BackupFull        BackupType = "Full"
	BackupIncremental BackupType = "Incremental"
)

// TenantBackupStatus says what a backup holds and where it lies.
type TenantBackupStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Complete is true once the manifest was read back and its signature
	// checked; Failed once there is no further attempt. Reconciling and Stalled are
	// there while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// tenantID is the id of the company; it outlives the Tenant.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	TenantID string `json:"tenantID,omitempty"`
	// type that the backup has: that of the spec, or Full where nothing was there to
	// add to.
	// +optional
	Type BackupType `json:"type,omitempty"`

	// databaseServer is where the rows were read.
	// +optional
	DatabaseServer string `json:"databaseServer,omitempty"`
	// store is the ObjectStore that holds the backup.
	// +optional
	Store string `json:"store,omitempty"`
	// bucket of the company in that store.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// generation is the restic repository, g/<generation> in the bucket. It goes as a
	// whole when its last backup has expired.
	// +optional
	Generation string `json:"generation,omitempty"`
	// epoch is where new objects went, e/<epoch> in the bucket.
	// +optional
	Epoch string `json:"epoch,omitempty"`
	// epochs hold the objects that belong to the backup.
	// +optional
	// +listType=atomic
	Epochs []string `json:"epochs,omitempty"`
	// previous is the backup that this one went on from.
	// +optional
	Previous string `json:"previous,omitempty"`
	// standstill is there when nobody could write to the company while its turn came: it
	// was suspended. An incremental backup within the same one finds nothing to read and
	// holds what the backup before it holds.
	// +optional
	Standstill string `json:"standstill,omitempty"`
	// keyID is the id of the root key that opens the backup.
	// +optional
	KeyID string `json:"keyID,omitempty"`

	// attempt is the number of the attempt at work, or of the last one.
	// +optional
	Attempt int32 `json:"attempt,omitempty"`
	// started is when the backup's turn came.
	// +optional
	Started *metav1.Time `json:"started,omitempty"`
	// moment that the rows are of.
	// +optional
	Moment *metav1.Time `json:"moment,omitempty"`
	// finished is when the last byte was stored, or the last attempt failed.
	// +optional
	Finished *metav1.Time `json:"finished,omitempty"`
	// duration from started to finished, in words for people.
	// +optional
	Duration string `json:"duration,omitempty"`

	// progress of the attempt at work.
	// +optional
	Progress *BackupProgress `json:"progress,omitempty"`
	// contents are what the manifest says.
	// +optional
	Contents *BackupContents `json:"contents,omitempty"`
}

// BackupProgress is how far an attempt is.
type BackupProgress struct {
	// step at work, such as Rows or Objects.
	// +optional
	Step string `json:"step,omitempty"`
	// at is when the agent said so.
	// +optional
	At metav1.Time `json:"at,omitempty"`
	// readBytes so far.
	// +optional
	ReadBytes int64 `json:"readBytes,omitempty"`
	// tables that are finished, of how many.
	// +optional
	Tables string `json:"tables,omitempty"`
	// objects that are finished, of how many.
	// +optional
	Objects string `json:"objects,omitempty"`
}

// BackupContents are what a backup holds.
type BackupContents struct {
	// release that wrote the rows.
	Release string `json:"release"`
	// schemaVersion of the database.
	SchemaVersion int32 `json:"schemaVersion"`
	// postgreSQL is the server's version.
	// +optional
	PostgreSQL string `json:"postgreSQL,omitempty"`
	// tables in the backup.
	Tables int32 `json:"tables"`
	// rows of all tables.
	Rows int64 `json:"rows"`
	// objects are the company's files, former versions left out.
	Objects int64 `json:"objects"`
	// objectBytes is their size.
	ObjectBytes int64 `json:"objectBytes"`
	// readBytes is what was read of database and bucket.
	ReadBytes int64 `json:"readBytes"`
	// storedBytes is what the backup added to its store.
	StoredBytes int64 `json:"storedBytes"`
}

// TenantBackup is one backup of one company: its rows and its files of one moment. It
// outlives the Tenant. Deleting a TenantBackup deletes none of its data.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=atrium,shortName=tb
// +kubebuilder:selectablefield:JSONPath=`.spec.tenant`
// +kubebuilder:printcolumn:name="Tenant",type=string,JSONPath=`.spec.tenant`
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.status.type`
// +kubebuilder:printcolumn:name="Complete",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].reason`
// +kubebuilder:printcolumn:name="Moment",type=date,JSONPath=`.status.moment`
// +kubebuilder:printcolumn:name="Took",type=string,JSONPath=`.status.duration`
// +kubebuilder:printcolumn:name="Rows",type=integer,JSONPath=`.status.contents.rows`
// +kubebuilder:printcolumn:name="Objects",type=integer,JSONPath=`.status.contents.objects`
// +kubebuilder:printcolumn:name="Stored bytes",type=integer,JSONPath=`.status.contents.storedBytes`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Store",type=string,priority=1,JSONPath=`.status.store`
// +kubebuilder:printcolumn:name="Generation",type=string,priority=1,JSONPath=`.status.generation`
// +kubebuilder:printcolumn:name="Read bytes",type=integer,priority=1,JSONPath=`.status.contents.readBytes`
// +kubebuilder:printcolumn:name="Release",type=string,priority=1,JSONPath=`.status.contents.release`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Complete")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 50 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the TenantBackup's name must be a lower-case DNS label of at most 50 characters, for example acme-2026-11-22: its Job is named from it"
type TenantBackup struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec TenantBackupSpec `json:"spec"`
	// +optional
	Status TenantBackupStatus `json:"status,omitempty"`
}

// TenantBackupList is a list of TenantBackups.
//
// +kubebuilder:object:root=true
type TenantBackupList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TenantBackup `json:"items"`
}
