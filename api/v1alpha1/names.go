package v1alpha1

// Labels and annotations.
const (
	// LabelTenantID carries status.id of the Tenant; every object that the operator
	// makes for a tenant has it, and is watched and removed by it.
	LabelTenantID = "atrium.dev/tenant-id"
	// LabelTenant carries the Tenant's name, for people.
	LabelTenant = "atrium.dev/tenant"
	// LabelManagedBy has the value ManagedBy on every object of ours.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// LabelComponent says which part of Atrium a pod is: gateway, operator,
	// prometheus, office, migrate or agent. Network policies select by it.
	LabelComponent = "app.kubernetes.io/component"

	// AnnotationConfirmDeletion must hold the Tenant's name before deletionPolicy
	// Delete is followed. Without it a deletion is treated as Retain.
	AnnotationConfirmDeletion = "atrium.dev/confirm-deletion"

	// AnnotationRotate on a Tenant gives it new credentials once for each new value,
	// for example a date.
	AnnotationRotate = "atrium.dev/rotate"
	// AnnotationRestore on a Tenant names the TenantRestore that works on it: the row in
	// the registry is read again at each pass while it is there. Whoever restores sets it
	// and takes it away; a person never has to.
	AnnotationRestore = "atrium.dev/restore"
	// AnnotationRemoveOrphans on a DatabaseServer or ObjectStore names, separated by
	// commas, which of status.orphans are to be removed.
	AnnotationRemoveOrphans = "atrium.dev/remove-orphans"
	// AnnotationDestroyKey on an ObjectStore of purpose backup names, separated by
	// commas, ids of deleted tenants whose wrapped keys are to be destroyed.
	AnnotationDestroyKey = "atrium.dev/destroy-key"

	// AnnotationFound on a TenantBackup says that it was not made by a run but of what
	// lies in a store: "<ObjectStore>/<id of the company>".
	AnnotationFound = "atrium.dev/found"

	// LabelBackup carries the name of the TenantBackup on what is made for it.
	LabelBackup = "atrium.dev/backup"

	// LabelRestore carries the name of the TenantRestore on what is made for it.
	LabelRestore = "atrium.dev/restore"

	// Finalizer is stored on a Tenant before the first side effect.
	Finalizer = "atrium.dev/tenant"
	// BackupFinalizer is stored on a TenantBackup while there is something to close
	// when it goes; it never keeps one that is finished.
	BackupFinalizer = "atrium.dev/backup"

	// RestoreFinalizer is stored on a TenantRestore while there is something to take back
	// when it goes.
	RestoreFinalizer = "atrium.dev/restore"

	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "atrium"
)

// Names of the objects in a tenant's namespace.
const (
	NamespacePrefix = "tenant-" // followed by the Tenant's name

	OfficeName           = "office"       // Deployment, Service, ServiceAccount, ConfigMap
	OfficePeersName      = "office-peers" // headless Service of the pods of several replicas
	SecretOfficeDatabase = "office-database"
	SecretOfficeBucket   = "office-bucket"
	SecretOfficeKeys     = "office-keys"
	SecretOfficeMigrate  = "office-migrate"
	AgentName            = "agent"       // component and container of the Jobs that back up
	SecretFirstAdmin     = "first-admin" // keys FirstAdminToken and FirstAdminURL

	FirstAdminToken = "token"
	FirstAdminURL   = "url"

	OfficePortHTTP = 80   // of the Service; people's traffic
	OfficePortOps  = 8081 // of the Service; health, metrics, version
)

// DefaultTimezone and DefaultLocale are what a Tenant that names none gets.
const (
	DefaultTimezone = "Asia/Shanghai"
	DefaultLocale   = "zh-CN"
)

// AdoptNone in spec.adopt declines the data that a former tenant of this name left.
const AdoptNone = "none"

// ReservedSubdomains may not be the address of a tenant: they are kept for the
// platform, or people trust them more than they should.
// The list stands in the CEL rule of Tenant as well; a test compares the two.
var ReservedSubdomains = []string{
	"admin", "api", "app", "assets", "atrium", "auth", "autoconfig", "autodiscover", "cdn", "console", "dashboard",
	"gateway", "grafana", "imap", "localhost", "login", "mail", "mx", "ns1", "ns2", "operator", "pop", "prometheus",
	"root", "smtp", "sso", "static", "status", "support", "system", "www",
}
