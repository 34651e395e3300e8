package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TenantSpec says what a company was promised.
//
// +kubebuilder:validation:XValidation:rule="has(self.restoreFrom) == has(oldSelf.restoreFrom) && (!has(self.restoreFrom) || self.restoreFrom == oldSelf.restoreFrom)",fieldPath=".restoreFrom",message="restoreFrom is decided when a Tenant is created: to bring a backup back into this company make a TenantRestore of mode InPlace, to look into another backup create another Tenant with restoreFrom"
// +kubebuilder:validation:XValidation:rule="self.displayName.trim().size() > 0",fieldPath=".displayName",message="displayName must be the company's name as people write it; it holds only spaces now"
// +kubebuilder:validation:XValidation:rule="!self.displayName.matches('[\\\\p{Cc}\\\\p{Cf}]')",fieldPath=".displayName",message="displayName must be one line of visible characters; take out control, zero-width and direction characters"
type TenantSpec struct {
	// displayName is the company's name, as people write it: shown on the sign-in
	// page and in the app.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	DisplayName string `json:"displayName"`

	// plan is the name of the Plan that says how much this company may use.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Plan string `json:"plan"`

	// release is the name of the Release that this company runs.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Release string `json:"release"`

	// subdomain is the first part of the company's address,
	// <subdomain>.<base domain>. The Tenant's name when empty.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="subdomain must be one lower-case DNS label: letters a-z, digits and inner hyphens, for example acme or acme-2"
	// +kubebuilder:validation:XValidation:rule="!self.matches('^..--')",message="subdomain must not have hyphens as third and fourth character: such names are read as encoded Chinese or other scripts (xn--...)"
	Subdomain string `json:"subdomain,omitempty"`

	// hosts are further host names that reach this company. Each belongs to one
	// tenant alone; point its DNS record at the gateway.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$')",message="each host must be a full lower-case DNS name such as oa.example.com: no scheme, port, path, wildcard, address or trailing dot; write Chinese names in their xn-- form"
	Hosts []string `json:"hosts,omitempty"`

	// adminContact is shown to people who cannot sign in.
	// +optional
	AdminContact *Contact `json:"adminContact,omitempty"`

	// locale is the language until a person chooses one.
	// +optional
	// +kubebuilder:default=zh-CN
	// +kubebuilder:validation:Enum=zh-CN;en
	Locale string `json:"locale,omitempty"`

	// timezone is an IANA name; days, reports and reminders of the company follow it.
	// +optional
	// +kubebuilder:default=Asia/Shanghai
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*){1,2})$')",message="timezone must be an IANA name such as Asia/Shanghai, Europe/Berlin or UTC"
	// +kubebuilder:validation:XValidation:rule="!self.matches('^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*){1,2})$') || timestamp('2026-01-01T00:00:00Z').getFullYear(self) > 2000",message="timezone must be an IANA name such as Asia/Shanghai"
	Timezone string `json:"timezone,omitempty"`

	// suspended stops the app and closes the company's logins; its data stays as it
	// is. The gateway says so to its people. False brings it back.
	// +optional
	Suspended bool `json:"suspended,omitempty"`

	// backup replaces the backup policy of the plan for this company.
	// +optional
	Backup *BackupPolicy `json:"backup,omitempty"`

	// restoreFrom fills a new company with what a backup holds, before anybody can enter
	// it: a copy of another company, or one whose data was lost. It is read once, and stays
	// as it is.
	// +optional
	RestoreFrom *RestoreFrom `json:"restoreFrom,omitempty"`

	// outbound false pauses the app's jobs and every call that it makes to others: mail,
	// push messages, web hooks. Without it a company calls out, unless it was made with
	// restoreFrom: a copy must not write to the people of the company that it is of. Set
	// true once it is the company that people work in.
	// +optional
	Outbound *bool `json:"outbound,omitempty"`

	// egress lists what the company's app may call beside its own database and
	// bucket and what its plan opens: an ERP in the company's network, for example.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Egress []EgressRule `json:"egress,omitempty"`

	// deletionPolicy says what happens to the company's data when the Tenant is
	// deleted. Retain closes its logins and keeps schema and bucket. Delete removes
	// both. FinalBackup does so once a last full backup, <name>-final-<id>, is complete.
	// Both do it only when the annotation atrium.dev/confirm-deletion holds the Tenant's
	// name; without it they are treated as Retain.
	// +optional
	// +kubebuilder:default=Retain
	// +kubebuilder:validation:Enum=Retain;Delete;FinalBackup
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// adopt decides about data that a former tenant of this name left: the id of
	// that tenant to continue with its data, or "none" to begin empty. It is read
	// only before the Tenant has an id.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z][a-z2-7]{9}|none)?$')",message="adopt must be the id of the former tenant (10 characters, named in condition Placed), or none to begin empty"
	// +kubebuilder:validation:MaxLength=10
	Adopt string `json:"adopt,omitempty"`
}

// RestoreFrom says what a new company begins with.
type RestoreFrom struct {
	// backup is the name of a complete TenantBackup, of any company of this installation.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	Backup string `json:"backup"`
}

// EgressRule opens TCP ports of one range of addresses.
type EgressRule struct {
	// cidr is a range such as 203.0.113.0/24, or one address as 203.0.113.7/32.
	// +required
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self) == cidr(self).masked()",message="cidr must be a range such as 203.0.113.0/24 with no bits set behind the prefix; write one address as 203.0.113.7/32"
	// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || cidr(self).prefixLength() >= 8",message="cidr must not be wider than /8: name the ranges that the company needs"
	// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || !cidr('169.254.0.0/16').containsCIDR(cidr(self)) && self != '100.100.100.200/32'",message="cidr must not be that of the cloud's metadata service: it gives away the node's rights"
	CIDR string `json:"cidr"`
	// ports are TCP ports.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=65535
	Ports []int32 `json:"ports"`
}

// DeletionPolicy says what happens to data when a Tenant is deleted.
type DeletionPolicy string

// Deletion policies.
const (
	DeletionRetain      DeletionPolicy = "Retain"
	DeletionDelete      DeletionPolicy = "Delete"
	DeletionFinalBackup DeletionPolicy = "FinalBackup"
)

// Contact is a person outside the company's directory.
type Contact struct {
	// name as people write it, for example 王芳.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	Name string `json:"name,omitempty"`
	// phone with area code.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[+]?[0-9][-0-9 ]{2,30}$')",message="phone must be digits, with an optional leading + and inner spaces or hyphens, for example 13800000001"
	Phone string `json:"phone,omitempty"`
	// mail address.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^[^@ \\\\t\\\\n<>]+@[^@ \\\\t\\\\n<>]+$')",message="mail must be one address such as it@example.com"
	Mail string `json:"mail,omitempty"`
}

// TenantStatus says what is true of the tenant now.
//
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.id) || (has(self.id) && self.id == oldSelf.id)",message="status.id never changes: schema, roles and bucket are named from it"
type TenantStatus struct {
	// id is random and outlives the cluster; schema, roles and bucket are named from it.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	ID string `json:"id,omitempty"`

	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// operation is what the operator does or did last.
	// +optional
	Operation *Operation `json:"operation,omitempty"`

	// conditions: one for each step, in the order Placed, NamespaceReady,
	// DatabaseReady, BucketReady, KeyReady, CredentialsReady, Migrated,
	// WorkloadReady, AddressReady; Ready sums them up; Reconciling and Stalled are there while they
	// are true; Healthy says whether the app answers now.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// placement says where the company's data lies.
	// +optional
	Placement *Placement `json:"placement,omitempty"`
	// namespace holds the company's pods and Secrets.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// schema is the active one; a restore makes another.
	// +optional
	Schema string `json:"schema,omitempty"`
	// bucket holds the company's files.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// url is the company's canonical origin.
	// +optional
	URL string `json:"url,omitempty"`
	// hosts are all host names that lead to this tenant, the canonical one first.
	// The gateway routes by them.
	// +optional
	// +listType=atomic
	Hosts []string `json:"hosts,omitempty"`
	// credentials say when the company's own credentials were made and when they end.
	// +optional
	Credentials *Credentials `json:"credentials,omitempty"`
	// backup sums up the company's backups.
	// +optional
	Backup *BackupSummary `json:"backup,omitempty"`
	// release is the name of the Release that the pods run.
	// +optional
	Release string `json:"release,omitempty"`
	// plan is the name of the Plan that the pods were made for.
	// +optional
	Plan string `json:"plan,omitempty"`
}

// Credentials of a company's app.
type Credentials struct {
	// databaseSince is when the database login in use got its password.
	// +optional
	DatabaseSince *metav1.Time `json:"databaseSince,omitempty"`
	// bucketUntil is when the bucket's credentials end; empty for static ones.
	// +optional
	BucketUntil *metav1.Time `json:"bucketUntil,omitempty"`
	// rotation is the value of the annotation atrium.dev/rotate that was followed last.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Rotation string `json:"rotation,omitempty"`
}

// Operation is one thing that the operator does for a tenant, from its start to
// its end.
type Operation struct {
	// type says what the operation is for.
	// +kubebuilder:validation:Enum=Create;Change;Suspend;Resume;Delete
	Type OperationType `json:"type"`
	// step is the one at work, or Done.
	Step string `json:"step"`
	// percent is the share of the steps that are finished.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Percent int32 `json:"percent"`
	// since is when this operation began.
	Since metav1.Time `json:"since"`
}

// OperationType says what an operation is for.
type OperationType string

// Operation types.
const (
	OperationCreate OperationType = "Create"
	OperationChange OperationType = "Change"
	// OperationSuspend is Done while the tenant is suspended; since says since when.
	OperationSuspend OperationType = "Suspend"
	OperationResume  OperationType = "Resume"
	OperationDelete  OperationType = "Delete"
)

// Placement says where a tenant's data lies.
type Placement struct {
	// databaseServer is the name of the DatabaseServer that holds the schema.
	// +optional
	DatabaseServer string `json:"databaseServer,omitempty"`
	// objectStore is the name of the ObjectStore that holds the bucket.
	// +optional
	ObjectStore string `json:"objectStore,omitempty"`
}

// Tenant is a company with an office of its own: a namespace with the app, a
// database schema, a bucket and an address.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=atrium
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Since",type=date,JSONPath=`.status.conditions[?(@.type=="Ready")].lastTransitionTime`
// +kubebuilder:printcolumn:name="Healthy",type=string,JSONPath=`.status.conditions[?(@.type=="Healthy")].status`
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
// +kubebuilder:printcolumn:name="Plan",type=string,JSONPath=`.spec.plan`
// +kubebuilder:printcolumn:name="Release",type=string,JSONPath=`.spec.release`
// +kubebuilder:printcolumn:name="Backup",type=date,JSONPath=`.status.backup.moment`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Company",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="ID",type=string,priority=1,JSONPath=`.status.id`
// +kubebuilder:printcolumn:name="Namespace",type=string,priority=1,JSONPath=`.status.namespace`
// +kubebuilder:printcolumn:name="Database",type=string,priority=1,JSONPath=`.status.placement.databaseServer`
// +kubebuilder:printcolumn:name="Store",type=string,priority=1,JSONPath=`.status.placement.objectStore`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 56",message="the Tenant's name must have at most 56 characters: its namespace is tenant-<name>, and a namespace may have 63"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the Tenant's name must be one lower-case DNS label without dots, for example acme: its namespace is tenant-<name>"
// +kubebuilder:validation:XValidation:rule="has(self.spec.subdomain) && self.spec.subdomain.size() > 0 || !self.metadata.name.matches('^..--')",message="the Tenant's name has hyphens as third and fourth character and would be its address: set spec.subdomain to another name"
// +kubebuilder:validation:XValidation:rule="!((has(self.spec.subdomain) && self.spec.subdomain.size() > 0 ? self.spec.subdomain : self.metadata.name) in ['admin','api','app','assets','atrium','auth','autoconfig','autodiscover','cdn','console','dashboard','gateway','grafana','imap','localhost','login','mail','mx','ns1','ns2','operator','pop','prometheus','root','smtp','sso','static','status','support','system','www'])",message="this subdomain is reserved for the platform: set spec.subdomain to another name"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.id) || !has(self.spec.adopt) || self.spec.adopt.size() == 0 || (has(oldSelf.spec.adopt) && self.spec.adopt == oldSelf.spec.adopt)",message="spec.adopt is read only before the Tenant has an id, and this one has one (status.id): leave adopt as it is or take it out"
type Tenant struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec TenantSpec `json:"spec"`
	// +optional
	Status TenantStatus `json:"status,omitempty"`
}

// TenantList is a list of Tenants.
//
// +kubebuilder:object:root=true
type TenantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Tenant `json:"items"`
}
