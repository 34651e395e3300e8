package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TenantRestoreSpec asks for one restore of one backup.
//
// +kubebuilder:validation:XValidation:rule="self.backup == oldSelf.backup && self.tenant == oldSelf.tenant && self.mode == oldSelf.mode",message="of a TenantRestore only undo changes: it says what one restore is of; make another TenantRestore"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.undo) || !oldSelf.undo || has(self.undo) && self.undo",message="what was undone stays so: make another TenantRestore of the same backup"
// +kubebuilder:validation:XValidation:rule="!has(self.undo) || !self.undo || self.mode == 'InPlace'",message="only a restore InPlace can be undone: the others change nothing that a company had before"
type TenantRestoreSpec struct {
	// backup is the name of the TenantBackup.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	Backup string `json:"backup"`

	// tenant is the name of the Tenant that is filled, or in whose place the drill runs.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=56
	Tenant string `json:"tenant"`

	// mode. InPlace takes the company back to the moment of its own backup, and can be
	// undone for a while. Into fills a company that was made with spec.restoreFrom. Drill
	// proves that the backup can be restored, and leaves nothing behind.
	// +required
	// +kubebuilder:validation:Enum=InPlace;Into;Drill
	Mode RestoreMode `json:"mode"`

	// undo takes a finished restore InPlace back: the company has again the data that it
	// had before, until status.formerUntil.
	// +optional
	Undo bool `json:"undo,omitempty"`
}

// RestoreMode says what a backup is restored for.
type RestoreMode string

// Restore modes.
const (
	RestoreInPlace RestoreMode = "InPlace"
	RestoreInto    RestoreMode = "Into"
	RestoreDrill   RestoreMode = "Drill"
)

// RestoreStep is what a restore is at.
type RestoreStep string

// Restore steps, in their order.
const (
	RestoreMigrating RestoreStep = "Migrating" // a new schema gets the tables of the backup's release
	RestoreLoading   RestoreStep = "Loading"   // the agent brings rows and objects back and compares them
	RestoreProving   RestoreStep = "Proving"   // Drill: the app is served on what came back
	RestoreHolding   RestoreStep = "Holding"   // InPlace: the app is stopped, its logins closed
	RestoreStarting  RestoreStep = "Starting"  // InPlace: the schemas are swapped, the app starts
)

// TenantRestoreStatus says how far a restore is and what came of it.
type TenantRestoreStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Complete is true once all that the backup holds was compared and, but
	// for a drill, the company has it; Failed once there is no further attempt. Undone is
	// true when the company has again what it had before. Reconciling and Stalled are
	// there while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// step that the restore, or its undo, is at.
	// +optional
	Step RestoreStep `json:"step,omitempty"`
	// tenantID is the id of the company that is filled.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	TenantID string `json:"tenantID,omitempty"`
	// sourceID is the id of the company that the backup is of.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	SourceID string `json:"sourceID,omitempty"`
	// databaseServer is where the rows go.
	// +optional
	DatabaseServer string `json:"databaseServer,omitempty"`
	// release that wrote the rows; it makes their tables.
	// +optional
	Release string `json:"release,omitempty"`
	// moment that the rows are of.
	// +optional
	Moment *metav1.Time `json:"moment,omitempty"`

	// schema that is filled.
	// +optional
	Schema string `json:"schema,omitempty"`
	// formerSchema is what the company had before, as long as it is kept; after an undo it
	// is what the restore had brought.
	// +optional
	FormerSchema string `json:"formerSchema,omitempty"`
	// formerRelease is the release that the former schema is of.
	// +optional
	FormerRelease string `json:"formerRelease,omitempty"`
	// formerUntil is when the former schema is dropped; until then undo is possible.
	// +optional
	FormerUntil *metav1.Time `json:"formerUntil,omitempty"`

	// attempt is the number of the attempt at work, or of the last one.
	// +optional
	Attempt int32 `json:"attempt,omitempty"`
	// started is when the restore's turn came.
	// +optional
	Started *metav1.Time `json:"started,omitempty"`
	// held is when the company's app was told to stop.
	// +optional
	Held *metav1.Time `json:"held,omitempty"`
	// finished is when it was complete, or had failed.
	// +optional
	Finished *metav1.Time `json:"finished,omitempty"`
	// duration from started to finished, in words for people.
	// +optional
	Duration string `json:"duration,omitempty"`
	// downtime from held until the company was Ready again, in words for people.
	// +optional
	Downtime string `json:"downtime,omitempty"`

	// progress of the attempt at work.
	// +optional
	Progress *BackupProgress `json:"progress,omitempty"`
	// compared is what was compared with the manifest, all of it with success.
	// +optional
	Compared *RestoreCompared `json:"compared,omitempty"`
	// proof of a drill.
	// +optional
	Proof *RestoreProof `json:"proof,omitempty"`
}

// RestoreCompared counts what came back as it was.
type RestoreCompared struct {
	// tables whose rows were compared.
	Tables int32 `json:"tables"`
	// rows of all tables.
	Rows int64 `json:"rows"`
	// objects are the company's files.
	Objects int64 `json:"objects"`
	// bytes of the objects.
	Bytes int64 `json:"bytes"`
}

// RestoreProof says that a company's backup was restored, and that its app answered on it.
type RestoreProof struct {
	// at is when the app had answered.
	At metav1.Time `json:"at"`
	// recoverySeconds from started to that moment: how long a company would be away whose
	// database is lost.
	RecoverySeconds int64 `json:"recoverySeconds"`
}

// TenantRestore is one restore of one TenantBackup: in place, into a company that was
// made for it, or as a drill. Until all was compared it changes nothing that a company
// has. Deleting a finished TenantRestore gives up its undo.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=atrium,shortName=tr
// +kubebuilder:selectablefield:JSONPath=`.spec.tenant`
// +kubebuilder:printcolumn:name="Tenant",type=string,JSONPath=`.spec.tenant`
// +kubebuilder:printcolumn:name="Backup",type=string,JSONPath=`.spec.backup`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Step",type=string,JSONPath=`.status.step`
// +kubebuilder:printcolumn:name="Complete",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].reason`
// +kubebuilder:printcolumn:name="Took",type=string,JSONPath=`.status.duration`
// +kubebuilder:printcolumn:name="Down",type=string,JSONPath=`.status.downtime`
// +kubebuilder:printcolumn:name="Rows",type=integer,JSONPath=`.status.compared.rows`
// +kubebuilder:printcolumn:name="Objects",type=integer,JSONPath=`.status.compared.objects`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Undo until",type=string,priority=1,JSONPath=`.status.formerUntil`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Complete")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 50 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the TenantRestore's name must be a lower-case DNS label of at most 50 characters, for example acme-back-2026-11-22: its Jobs are named from it"
type TenantRestore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec TenantRestoreSpec `json:"spec"`
	// +optional
	Status TenantRestoreStatus `json:"status,omitempty"`
}

// TenantRestoreList is a list of TenantRestores.
//
// +kubebuilder:object:root=true
type TenantRestoreList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TenantRestore `json:"items"`
}
