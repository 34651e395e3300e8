package v1alpha1

// Condition types of a Tenant, in the order of the steps that write them.
const (
	ConditionPlaced           = "Placed"
	ConditionNamespaceReady   = "NamespaceReady"
	ConditionDatabaseReady    = "DatabaseReady"
	ConditionBucketReady      = "BucketReady"
	ConditionKeyReady         = "KeyReady"
	ConditionCredentialsReady = "CredentialsReady"
	ConditionMigrated         = "Migrated"
	ConditionWorkloadReady    = "WorkloadReady"
	ConditionAddressReady     = "AddressReady"

	// Ready, Reconciling and Stalled sum the others up in the way of kstatus.
	// Reconciling and Stalled are present only while they are true.
	ConditionReady       = "Ready"
	ConditionReconciling = "Reconciling"
	ConditionStalled     = "Stalled"

	// ConditionHealthy says whether the app answers now. The tenanthealth
	// controller alone writes it.
	ConditionHealthy = "Healthy"
)

// Condition types of a TenantBackup or TenantRestore, beside Reconciling and Stalled.
const (
	// ConditionComplete is true once the manifest of a backup was read back and its
	// signature checked.
	ConditionComplete = "Complete"
	// ConditionFailed is true once there is no further attempt.
	ConditionFailed = "Failed"
	// ConditionExpired is true once retention has decided that a backup goes: it is no
	// longer offered, and its bytes are being removed.
	ConditionExpired = "Expired"
	// ConditionUndone is true once the company of a TenantRestore has again what it had
	// before.
	ConditionUndone = "Undone"
)

// Condition types of a DatabaseServer or ObjectStore.
const (
	// ConditionReachable says whether the operator can use the server.
	ConditionReachable = "Reachable"
	// ConditionServerBackedUp says whether a DatabaseServer's own physical recovery
	// is on: its archiving works and its base backup is young. Unknown when the admin
	// may not see that.
	ConditionServerBackedUp = "ServerBackedUp"
	// ConditionRootIssuer is true when an ObjectStore's issuer reaches buckets outside
	// this installation's: it works, and is more than is needed.
	ConditionRootIssuer = "RootIssuer"
	// ConditionOrphaned is true while status.orphans names something.
	ConditionOrphaned = "Orphaned"
)

// Reasons of conditions that are true, or not yet true because of nothing wrong.
const (
	ReasonDone      = "Done"      // the step is finished
	ReasonReady     = "Ready"     // people can work
	ReasonWaiting   = "Waiting"   // an earlier step is not finished
	ReasonMigrating = "Migrating" // the database is brought to the release's schema
	ReasonStarting  = "Starting"  // pods are starting
	ReasonEnding    = "Ending"    // pods or a namespace are going away
	ReasonDeleting  = "Deleting"  // the Tenant is being deleted
	ReasonConnected = "Connected" // a server answers and grants what is needed
	ReasonAnswering = "Answering" // the app answers
	ReasonSuspended = "Suspended" // spec.suspended: the app is stopped, the data safe
	ReasonRestoring = "Restoring" // a TenantRestore works on the company's data
	ReasonArchiving = "Archiving" // a server's archiving works and its base backup is young
	ReasonNoOrphans = "NoOrphans" // all that lies on a server belongs to a tenant
	ReasonLimited   = "Limited"   // the issuer reaches this installation's buckets alone
	ReasonQueued    = "Queued"    // other backups come first
	ReasonPreparing = "Preparing" // a backup's bucket, credentials and Job are made
	ReasonRunning   = "Running"   // a backup's Job is at work
	ReasonExpired   = "Expired"   // retention keeps it no longer
	ReasonRetrying  = "Retrying"  // an attempt of a backup or restore failed, and another one follows
	ReasonUndone    = "Undone"    // a restore was taken back
)

// Reasons of failures that the author of a spec can mend.
const (
	ReasonPlanNotFound     = "PlanNotFound"
	ReasonReleaseNotFound  = "ReleaseNotFound"
	ReasonNoDatabaseServer = "NoDatabaseServer" // none that is reachable and not cordoned
	ReasonNoObjectStore    = "NoObjectStore"
	ReasonAdoptionRequired = "AdoptionRequired" // a former tenant of this name left data
	ReasonAdoptionRefused  = "AdoptionRefused"  // spec.adopt names nothing that may be adopted
	ReasonHostTaken        = "HostTaken"        // another tenant has this host name
	ReasonHostReserved     = "HostReserved"     // the platform keeps this host name for itself
	ReasonNamespaceTaken   = "NamespaceTaken"   // a namespace of that name is not ours
	ReasonSchemaTooNew     = "SchemaTooNew"     // the release is older than the data
	ReasonTenantNotFound   = "TenantNotFound"   // a TenantBackup names no Tenant, or one that is being deleted
	ReasonTenantNotReady   = "TenantNotReady"   // the Tenant has no data, or no key, that could be backed up
	ReasonBackupNameTaken  = "BackupNameTaken"  // a backup of that name lies in the store already
	ReasonBackupNotFound   = "BackupNotFound"   // a TenantRestore names no complete TenantBackup
	ReasonBackupOfAnother  = "BackupOfAnother"  // the TenantBackup is of another company than this restore can use
	ReasonNotEmpty         = "NotEmpty"         // a company that was to be filled has data already
	ReasonTooLate          = "TooLate"          // what an undo needs is gone, or is not what came before
)

// Reasons of failures that the operator of the platform can mend.
const (
	ReasonRegistryUnreachable  = "RegistryUnreachable"  // a registry did not answer, so nothing may be decided
	ReasonFenceLost            = "FenceLost"            // another operator took over
	ReasonInstallationConflict = "InstallationConflict" // another cluster runs under the same installation name
	ReasonServerNotFound       = "ServerNotFound"       // the DatabaseServer or ObjectStore that holds the data is gone
	ReasonSecretMissing        = "SecretMissing"        // the admin's or issuer's Secret is absent or incomplete
	ReasonSettingsInvalid      = "SettingsInvalid"      // a server's spec, or the app's settings, cannot be used
	ReasonDatabaseUnreachable  = "DatabaseUnreachable"
	ReasonDatabaseRefused      = "DatabaseRefused" // wrong admin name or password
	ReasonDatabaseTooOld       = "DatabaseTooOld"
	ReasonDatabaseRights       = "DatabaseRights"   // the admin lacks CREATEROLE, or does not own the database
	ReasonDatabaseFull         = "DatabaseFull"     // no room on its disk, or no connection left
	ReasonDatabaseReadOnly     = "DatabaseReadOnly" // a standby
	ReasonDatabaseFailed       = "DatabaseFailed"   // a statement failed for another cause
	ReasonSchemaMissing        = "SchemaMissing"    // it was there and is gone
	ReasonStoreUnreachable     = "StoreUnreachable"
	ReasonStoreRefused         = "StoreRefused"     // wrong issuer key
	ReasonStoreFailed          = "StoreFailed"      // a call failed for another cause
	ReasonStoreRefusesSTS      = "StoreRefusesSTS"  // the store gives no credentials of limited reach
	ReasonStaticMissing        = "StaticMissing"    // the Secret with a tenant's static credentials is absent or incomplete
	ReasonStaticTooWide        = "StaticTooWide"    // a tenant's static credentials reach another bucket
	ReasonStaticRefused        = "StaticRefused"    // a tenant's static credentials do not reach its bucket
	ReasonUnlimited            = "Unlimited"        // the issuer reaches buckets of others; a DatabaseServer's admin is a superuser
	ReasonNoBackupStore        = "NoBackupStore"    // no ObjectStore of purpose backup to keep a wrapped key
	ReasonRecipientInvalid     = "RecipientInvalid" // the installation's recovery recipient is no age key
	ReasonKeyMissing           = "KeyMissing"       // the root key's Secret is gone; a recovery identity brings it back
	ReasonKeyWrong             = "KeyWrong"         // the root key's Secret, or what was unwrapped, is another key
	ReasonNotArchiving         = "NotArchiving"     // a server's archiving is off or fails
	ReasonBaseBackupOld        = "BaseBackupOld"    // a server's last base backup is too old
	ReasonNotGranted           = "NotGranted"       // the admin may not see it; the message has the grant
	ReasonOrphans              = "Orphans"          // something lies on a server that belongs to no tenant
	ReasonRevisionLost         = "RevisionLost"     // the kept pod template cannot be read
	ReasonBucketTaken          = "BucketTaken"      // a bucket of that name is not ours
	ReasonBucketMissing        = "BucketMissing"
	ReasonImageUnavailable     = "ImageUnavailable" // the image of the release cannot be pulled
	ReasonMigrationFailed      = "MigrationFailed"
	ReasonMigrationUnavailable = "MigrationUnavailable" // database or bucket did not answer the migration
	ReasonCrashing             = "Crashing"             // the app ends as soon as it starts
	ReasonPodsBlocked          = "PodsBlocked"          // quota, admission or scheduling keeps the pods from starting
	ReasonClusterRefused       = "ClusterRefused"       // the API server refused a write
	ReasonNamespaceTerminating = "NamespaceTerminating"
	ReasonBackupUnavailable    = "BackupUnavailable"  // database, bucket or store did not answer the agent
	ReasonBackupFailed         = "BackupFailed"       // the agent failed, or was ended
	ReasonBackupTooLong        = "BackupTooLong"      // the agent did not end in time
	ReasonManifestMissing      = "ManifestMissing"    // the agent ended well and left no manifest
	ReasonManifestWrong        = "ManifestWrong"      // a manifest's signature does not fit, or it is of something else
	ReasonEpochWrong           = "EpochWrong"         // the sealed identity of an epoch cannot be opened, or is another one
	ReasonRestoreUnavailable   = "RestoreUnavailable" // database, bucket or store did not answer a Job of a restore
	ReasonRestoreFailed        = "RestoreFailed"      // a Job of a restore failed, or was ended
	ReasonRestoreTooLong       = "RestoreTooLong"     // a Job of a restore did not end in time
	ReasonRestoreDiffers       = "RestoreDiffers"     // what came back is not what the manifest says
	ReasonBackupBroken         = "BackupBroken"       // a file of the backup is missing, changed or cut off
	ReasonUnresponsive         = "Unresponsive"       // the app's pods run, but do not answer
	ReasonUnavailable          = "Unavailable"        // no pod of the app is ready
	ReasonOther                = "Other"              // not classed; the operator's log says more
)
