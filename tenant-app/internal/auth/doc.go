// Package auth is how people sign in: accounts, sessions, links that activate an
// account, codes that reset a password, and the limits on guessing. It asks the
// directory who people are and package authz what they may do.
package auth
