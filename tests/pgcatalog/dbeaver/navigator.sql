-- DBeaver 24.2: what it sends to show a database (plugins/org.jkiss.dbeaver.ext.postgresql, model/PostgreSchema.java, PostgreDatabase.java, PostgreDataSource.java, PostgreRole.java); ? is $1 as its driver sends it.

-- @query session
SELECT current_schema(),session_user
-- @columns current_schema|session_user
-- @rows 1
-- @row public|millrace

-- @query version
SELECT version()
-- @columns version
-- @rows 1
-- @row *

-- @query database
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datname=$1
-- @parameter millrace
-- @columns oid|oid|datname|datdba|encoding|datlocprovider|datistemplate|datallowconn|datconnlimit|datfrozenxid|datminmxid|dattablespace|datcollate|datctype|daticulocale|datcollversion|datacl
-- @rows 1
-- @row {{database}}|{{database}}|millrace|10|6|c|f|t|-1|*|*|1663|C.UTF-8|C.UTF-8|\N|*|\N

-- @query databases
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE 1 = 1 AND datallowconn AND NOT datistemplate 
ORDER BY db.datname
-- @columns oid|oid|datname|datdba|encoding|datlocprovider|datistemplate|datallowconn|datconnlimit|datfrozenxid|datminmxid|dattablespace|datcollate|datctype|daticulocale|datcollversion|datacl
-- @rows 1
-- @row {{database}}|{{database}}|millrace|10|6|c|f|t|-1|*|*|1663|C.UTF-8|C.UTF-8|\N|*|\N

-- @query has pg_enum
SELECT * FROM pg_catalog.pg_enum WHERE 1<>1 LIMIT 1
-- @columns oid|enumtypid|enumsortorder|enumlabel
-- @rows 0

-- @query has reltype
SELECT reltype FROM pg_catalog.pg_class WHERE 1<>1 LIMIT 1
-- @columns reltype
-- @rows 0

-- @query schemas
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
 ORDER BY nspname
-- @columns oid|oid|nspname|nspowner|nspacl|description
-- @row {{schema dws}}|{{schema dws}}|dws|10|{millrace=UC/millrace,reader=U/millrace}|\N
-- @row {{schema ods}}|{{schema ods}}|ods|10|\N|原始数据

-- @query types
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem 
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname IS NOT NULL
AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')
-- @columns oid|oid|typname|typnamespace|typowner|typlen|typbyval|typtype|typcategory|typispreferred|typisdefined|typdelim|typrelid|typsubscript|typelem|typarray|typinput|typoutput|typreceive|typsend|typmodin|typmodout|typanalyze|typalign|typstorage|typnotnull|typbasetype|typtypmod|typndims|typcollation|typdefaultbin|typdefault|typacl|relkind|base_type_name|description
-- @row 16|16|bool|11|10|1|t|b|B|t|t|,|0|*|0|1000|*|*|*|*|*|*|*|c|p|f|0|-1|0|0|\N|\N|*|\N|\N|*
-- @row 20|20|int8|11|10|8|t|b|N|f|t|,|0|*|0|1016|*|*|*|*|*|*|*|d|p|f|0|-1|0|0|\N|\N|*|\N|\N|*
-- @row 25|25|text|11|10|-1|f|b|S|t|t|,|0|*|0|1009|*|*|*|*|*|*|*|i|x|f|0|-1|0|100|\N|\N|*|\N|\N|*
-- @row 1114|1114|timestamp|11|10|8|t|b|D|f|t|,|0|*|0|1115|*|*|*|*|*|*|*|d|p|f|0|-1|0|0|\N|\N|*|\N|\N|*
-- @row 1700|1700|numeric|11|10|-1|f|b|N|f|t|,|0|*|0|1231|*|*|*|*|*|*|*|i|m|f|0|-1|0|0|\N|\N|*|\N|\N|*
-- @row 1016|1016|_int8|11|10|-1|f|b|A|f|t|,|0|*|20|0|*|*|*|*|*|*|*|d|x|f|0|-1|0|0|\N|\N|*|\N|\N|*

-- @query tables
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,  pg_catalog.pg_get_partkeydef(c.oid) as partition_key 
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace=$1 AND c.relkind not in ('i','I','c')
-- @parameter {{schema ods}}
-- @columns oid|oid|relname|relnamespace|reltype|reloftype|relowner|relam|relfilenode|reltablespace|relpages|reltuples|relallvisible|reltoastrelid|relhasindex|relisshared|relpersistence|relkind|relnatts|relchecks|relhasrules|relhastriggers|relhassubclass|relrowsecurity|relforcerowsecurity|relispopulated|relreplident|relispartition|relrewrite|relfrozenxid|relminmxid|relacl|reloptions|relpartbound|description|partition_expr|partition_key
-- @rows 2
-- @row {{ods."Events"}}|{{ods."Events"}}|Events|{{schema ods}}|{{type ods."Events"}}|0|10|*|*|*|*|*|*|*|f|f|p|r|2|0|f|*|f|f|f|t|d|f|0|*|*|\N|\N|\N|\N|\N|\N
-- @row {{ods.orders}}|{{ods.orders}}|orders|{{schema ods}}|{{type ods.orders}}|0|10|*|*|*|*|*|*|*|t|f|p|r|6|0|f|*|f|f|f|t|d|f|0|*|*|{millrace=arwdDxt/millrace,reader=ar/millrace}|\N|\N|订单|\N|\N

-- @query columns
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid=$1
ORDER BY a.attnum
-- @parameter {{ods.orders}}
-- @columns relname|attrelid|attname|atttypid|attstattarget|attlen|attnum|attndims|attcacheoff|atttypmod|attbyval|attalign|attstorage|attcompression|attnotnull|atthasdef|atthasmissing|attidentity|attgenerated|attisdropped|attislocal|attinhcount|attcollation|attacl|attoptions|attfdwoptions|attmissingval|def_value|description|objid
-- @row orders|{{ods.orders}}|order_id|20|*|8|1|0|*|-1|t|d|p|*|t|f|f|||f|t|*|0|\N|\N|\N|\N|*|\N|\N
-- @row orders|{{ods.orders}}|城市|1043|*|-1|2|0|*|36|f|i|x|*|f|f|f|||f|t|*|100|\N|\N|\N|\N|*|下单城市|\N
-- @row orders|{{ods.orders}}|amount|1700|*|-1|3|0|*|655366|f|i|m|*|f|f|f|||f|t|*|0|\N|\N|\N|\N|*|\N|\N
-- @row orders|{{ods.orders}}|tags|1009|*|-1|4|1|*|-1|f|i|x|*|f|f|f|||f|t|*|100|\N|\N|\N|\N|*|\N|\N
-- @row orders|{{ods.orders}}|created_at|1114|*|8|5|0|*|3|t|d|p|*|t|f|f|||f|t|*|0|\N|\N|\N|\N|*|\N|\N
-- @row orders|{{ods.orders}}|net|1700|*|-1|6|0|*|655366|f|i|m|*|f|t|f||s|f|t|*|0|\N|\N|\N|\N|*|\N|\N

-- @query constraints
SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
WHERE t.relnamespace=$1
ORDER BY c.oid
-- @parameter {{schema ods}}
-- @columns oid|oid|conname|connamespace|contype|condeferrable|condeferred|convalidated|conrelid|contypid|conindid|conparentid|confrelid|confupdtype|confdeltype|confmatchtype|conislocal|coninhcount|connoinherit|conkey|confkey|conpfeqop|conppeqop|conffeqop|confdelsetcols|conexclop|conbin|tabrelname|refnamespace|description|consrc_copy
-- @rows 1
-- @row *|*|orders_pkey|{{schema ods}}|p|f|f|t|{{ods.orders}}|0|{{ods.orders_pkey}}|0|0| | | |t|0|t|{1}|\N|\N|\N|\N|\N|\N|\N|orders|\N|\N|\N

-- @query indexes
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid
WHERE  i.indrelid=$1 ORDER BY c.relname
-- @parameter {{ods.orders}}
-- @columns indexrelid|indrelid|indnatts|indnkeyatts|indisunique|indnullsnotdistinct|indisprimary|indisexclusion|indimmediate|indisclustered|indisvalid|indcheckxmin|indisready|indislive|indisreplident|indkey|indcollation|indclass|indoption|indexprs|indpred|keys|relname|relnamespace|relam|reltablespace|tabrelname|description|pred_expr|expr|index_rel_size|index_num_scans
-- @rows 1
-- @row {{ods.orders_pkey}}|{{ods.orders}}|1|1|t|f|t|f|*|f|t|f|t|t|f|{1}|{0}|*|{0}|\N|\N|1|orders_pkey|{{schema ods}}|403|0|orders|\N|\N|\N|*|0

-- @query a column of an index
select pg_catalog.pg_get_indexdef($1, $2, true)
-- @parameter {{ods.orders_pkey}}
-- @parameter 1
-- @columns pg_get_indexdef
-- @rows 1
-- @row order_id

-- @query sizes
select c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size
FROM pg_class c
WHERE c.relnamespace=$1
-- @parameter {{schema ods}}
-- @columns oid|total_rel_size|rel_size
-- @row {{ods.orders}}|*|*

-- @query inheritance
SELECT i.inhrelid relid, pc.relnamespace parent_ns, pc.oid parent_oid, i.inhseqno
FROM pg_catalog.pg_inherits i, pg_class rc, pg_class pc
WHERE rc.oid=i.inhrelid AND rc.relnamespace=$1 AND pc.oid=i.inhparent
-- @parameter {{schema ods}}
-- @columns relid|parent_ns|parent_oid|inhseqno
-- @rows 0

-- @query aggregates
SELECT p.oid AS proc_oid,p.proname AS proc_name,a.*
FROM pg_catalog.pg_aggregate a,pg_catalog.pg_proc p
WHERE p.oid=a.aggfnoid AND p.pronamespace=$1
ORDER BY p.proname
-- @parameter 11
-- @columns proc_oid|proc_name|aggfnoid|aggkind|aggnumdirectargs|aggtransfn|aggfinalfn|aggcombinefn|aggserialfn|aggdeserialfn|aggmtransfn|aggminvtransfn|aggmfinalfn|aggfinalextra|aggmfinalextra|aggfinalmodify|aggmfinalmodify|aggsortop|aggtranstype|aggtransspace|aggmtranstype|aggmtransspace|agginitval|aggminitval
-- @row *|total_of|*|n|0|*|*|*|*|*|*|*|*|f|f|r|r|0|*|0|0|0|\N|\N

-- @query procedures
SELECT p.oid as poid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid and d.classoid='pg_proc'::regclass  AND d.objsubid = 0
-- @columns poid|oid|proname|pronamespace|proowner|prolang|procost|prorows|provariadic|prosupport|prokind|prosecdef|proleakproof|proisstrict|proretset|provolatile|proparallel|pronargs|pronargdefaults|prorettype|proargtypes|proallargtypes|proargmodes|proargnames|proargdefaults|protrftypes|prosrc|probin|prosqlbody|proconfig|proacl|arg_defaults|description
-- @row *|*|city_of|11|10|*|*|0|0|*|f|f|f|*|f|i|*|1|0|25|{25}|\N|\N|\N|\N|\N|*|*|*|\N|*|\N|\N

-- @query roles
SELECT a.oid,a.*,pd.description FROM pg_catalog.pg_roles a 
left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid
ORDER BY a.rolname
-- @columns oid|rolname|rolsuper|rolinherit|rolcreaterole|rolcreatedb|rolcanlogin|rolreplication|rolconnlimit|rolpassword|rolvaliduntil|rolbypassrls|rolconfig|oid|description
-- @row {{role analyst}}|analyst|f|t|f|f|t|*|5|********|\N|f|\N|{{role analyst}}|\N
-- @row 10|millrace|t|t|t|t|t|*|-1|********|\N|t|\N|10|\N
-- @row {{role reader}}|reader|f|t|f|f|f|*|-1|********|\N|f|\N|{{role reader}}|reads results

-- @query members
SELECT * FROM pg_catalog.pg_auth_members WHERE roleid=$1
-- @parameter {{role reader}}
-- @columns roleid|member|grantor|admin_option
-- @rows 1
-- @row {{role reader}}|{{role analyst}}|10|f

-- @query access methods
SELECT am.oid,am.* FROM pg_catalog.pg_am am 
ORDER BY am.oid
-- @columns oid|oid|amname|amhandler|amtype
-- @row 2|2|heap|*|t
-- @row 403|403|btree|*|i

-- @query encodings
SELECT c.contoencoding as encid,pg_catalog.pg_encoding_to_char(c.contoencoding) as encname
FROM pg_catalog.pg_conversion c
GROUP BY c.contoencoding
ORDER BY 2
-- @columns encid|encname
-- @rows 0

-- @query collations
SELECT c.oid,c.* FROM pg_catalog.pg_collation c 
ORDER BY c.oid
-- @columns oid|oid|collname|collnamespace|collowner|collprovider|collisdeterministic|collencoding|collcollate|collctype|colliculocale|collversion
-- @row 950|950|C|11|10|c|t|-1|C|C|\N|\N

-- @query languages
SELECT l.oid,l.* FROM pg_catalog.pg_language l 
ORDER BY l.oid
-- @columns oid|oid|lanname|lanowner|lanispl|lanpltrusted|lanplcallfoid|laninline|lanvalidator|lanacl
-- @row 14|14|sql|10|f|t|0|0|*|\N

-- @query foreign data wrappers
SELECT l.oid,l.*,p.pronamespace as handler_schema_id 
FROM pg_catalog.pg_foreign_data_wrapper l
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=l.fdwhandler 
ORDER BY l.fdwname
-- @columns oid|oid|fdwname|fdwowner|fdwhandler|fdwvalidator|fdwacl|fdwoptions|handler_schema_id
-- @rows 0

-- @query foreign servers
SELECT l.oid,l.* FROM pg_catalog.pg_foreign_server l
ORDER BY l.srvname
-- @columns oid|oid|srvname|srvowner|srvfdw|srvtype|srvversion|srvacl|srvoptions
-- @rows 0

-- @query tablespaces
SELECT t.oid,t.*,pg_tablespace_location(t.oid) loc
FROM pg_catalog.pg_tablespace t 
ORDER BY t.oid
-- @columns oid|oid|spcname|spcowner|spcacl|spcoptions|loc
-- @rows 2
-- @row 1663|1663|pg_default|10|\N|\N|
-- @row 1664|1664|pg_global|10|\N|\N|

-- @query extensions
SELECT 
 e.oid,
 cfg.tbls,
  n.nspname as schema_name,
 e.* 
FROM 
 pg_catalog.pg_extension e 
 join pg_namespace n on n.oid =e.extnamespace
 left join  (
         select
            ARRAY_AGG(ns.nspname || '.' ||  cls.relname) tbls, oid_ext
          from
            (
            select
                unnest(e1.extconfig) oid , e1.oid oid_ext
            from
                pg_catalog.pg_extension e1 ) c 
                join    pg_class cls on cls.oid = c.oid 
                join pg_namespace ns on ns.oid = cls.relnamespace
            group by oid_ext        
         ) cfg on cfg.oid_ext = e.oid
ORDER BY e.oid
-- @columns oid|tbls|schema_name|oid|extname|extowner|extnamespace|extrelocatable|extversion|extconfig|extcondition
-- @rows 0

-- @query event triggers
SELECT pet.*, d.description FROM pg_catalog.pg_event_trigger pet
LEFT OUTER JOIN pg_catalog.pg_description d ON pet."oid" = d.objoid
-- @columns oid|evtname|evtevent|evtowner|evtfoid|evtenabled|evttags|description
-- @rows 0

-- @query settings
select * from pg_catalog.pg_settings where name=$1
-- @parameter standard_conforming_strings
-- @columns name|setting|unit|category|short_desc|extra_desc|context|vartype|source|min_val|max_val|enumvals|boot_val|reset_val|sourcefile|sourceline|pending_restart
-- @rows 1
-- @row standard_conforming_strings|on|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*

-- @query default privileges
SELECT * FROM pg_default_acl WHERE defaclnamespace = $1
-- @parameter {{schema ods}}
-- @columns oid|defaclrole|defaclnamespace|defaclobjtype|defaclacl
-- @rows 0

-- @query table privileges
SELECT * FROM information_schema.table_privileges WHERE table_catalog=$1 AND grantee=$2
-- @parameter millrace
-- @parameter reader
-- @columns grantor|grantee|table_catalog|table_schema|table_name|privilege_type|is_grantable|with_hierarchy
-- @rows 2
-- @row millrace|reader|millrace|ods|orders|INSERT|NO|NO
-- @row millrace|reader|millrace|ods|orders|SELECT|NO|YES

-- @query other privileges
SELECT * FROM (
	SELECT DISTINCT relnamespace,
	relacl,
	relname,
	relkind,
(aclexplode(relacl)).grantee as granteeI
FROM
	pg_class
WHERE
	relacl IS NOT NULL
	AND relnamespace IN (
SELECT oid
FROM pg_namespace
WHERE nspname NOT LIKE 'pg_%' AND nspname != 'information_schema')
UNION ALL
SELECT DISTINCT
	n.oid AS relnamespace,
	nspacl AS relacl,
	n.nspname AS relname,
	cast('C' as "char") AS relkind,
(aclexplode(nspacl)).grantee as granteeI
FROM
	pg_catalog.pg_namespace n
WHERE
	n.nspacl IS NOT NULL 
	) AS tr
WHERE tr.granteeI=$1 AND tr.relkind IN('S', 'm', 'C')
-- @parameter {{role reader}}
-- @columns relnamespace|relacl|relname|relkind|granteei
-- @rows 2
-- @row {{schema dws}}|{millrace=arwdDxt/millrace,reader=r/millrace}|city_sales|m|{{role reader}}
-- @row {{schema dws}}|{millrace=UC/millrace,reader=U/millrace}|dws|C|{{role reader}}

-- @query sizes of databases
SELECT db.datname,pg_database_size(db.oid) FROM pg_catalog.pg_database db WHERE db.oid=$1
-- @parameter {{database}}
-- @columns datname|pg_database_size
-- @rows 1
-- @row millrace|*

-- @query enumerations
SELECT * FROM pg_catalog.pg_enum
-- @columns oid|enumtypid|enumsortorder|enumlabel
-- @rows 0
