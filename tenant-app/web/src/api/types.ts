// Short names for the shapes of openapi.json.
import type { components } from './schema';

export type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type Session = Schemas['Session'];
export type Account = Schemas['Account'];
export type Invitation = Schemas['Invitation'];
export type Person = Schemas['Person'];
export type PersonDetail = Schemas['PersonDetail'];
export type PersonRef = Schemas['PersonRef'];
export type Post = Schemas['Post'];
export type Ref = Schemas['Ref'];
export type Department = Schemas['Department'];
export type Tree = Schemas['Tree'];
export type Position = Schemas['Position'];
export type ImportReport = Schemas['ImportReport'];
export type ImportRow = Schemas['ImportRow'];
export type RowProblem = Schemas['RowProblem'];
export type Moment = Schemas['Moment'];
export type Role = Schemas['Role'];
export type RoleRight = Schemas['RoleRight'];
export type RoleGrantee = Schemas['RoleGrantee'];
export type CatalogueRight = Schemas['CatalogueRight'];
export type Reason = Schemas['Reason'];
export type Guest = Schemas['Guest'];
export type Organisation = Schemas['Organisation'];
export type Guide = Schemas['Guide'];
export type ConsentRecord = Schemas['ConsentRecord'];
export type Explanation = Schemas['Explanation'];
