/** The pages that come later, by the first part of their address. */
export const pages = {
  todo: () => import('../features/todo/TodoPage'),
  work: () => import('../features/approval/WorkPage'),
  directory: () => import('../features/directory/DirectoryPage'),
  search: () => import('../features/search/SearchPage'),
  me: () => import('../features/me/MePage'),
  admin: () => import('../features/admin/AdminPage'),
};
