/** Answers one row: whether the login could read and change everything, so that no wall between hospitals would hold. */
export const databaseRightsQuery = `
  select r.rolsuper or r.rolbypassrls or r.rolcreaterole
      or exists (select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relowner = r.oid) as "tooMany"
    from pg_roles r where r.rolname = current_user`;

export const tooManyRights = 'DATABASE_URL (connects as a superuser or as the owner of the database)';
