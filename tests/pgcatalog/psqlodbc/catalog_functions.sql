-- psqlODBC 13.02: what SQLTables, SQLColumns, SQLPrimaryKeys, SQLStatistics and their like send (captured from the driver, called by pyodbc).

-- @query 1, pg_type
select oid, typbasetype from pg_type where typname = 'lo'
-- @columns oid|typbasetype
-- @rows 0

-- @query 2, pg_class
select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f', 'p') and nspname like 'ods' and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace order by nspname, relname
-- @columns relname|nspname|relkind
-- @rows 2
-- @row Events|ods|r
-- @row orders|ods|r

-- @query 3, pg_class
select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace order by nspname, relname
-- @columns relname|nspname|relkind
-- @rows 5
-- @row big_orders|dws|v
-- @row city_sales|dws|m
-- @row user_daily|dws|r
-- @row Events|ods|r
-- @row orders|ods|r

-- @query 4, pg_class
select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f', 'p') and nspname like 'ods' and relname like 'ord%' and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace order by nspname, relname
-- @columns relname|nspname|relkind
-- @rows 1
-- @row orders|ods|r

-- @query 5, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname like 'orders' and n.nspname like 'ods') inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @rows 6
-- @row ods|orders|order_id|20|int8|1|8|-1|t|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|城市|1043|varchar|2|-1|36|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|amount|1700|numeric|3|-1|655366|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|tags|1009|_text|4|-1|-1|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|created_at|1114|timestamp|5|8|3|t|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|net|1700|numeric|6|-1|655366|f|f|r|{{ods.orders}}|(amount * 0.9)|0|-1|0||f

-- @query 6, pg_attribute
select ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname from pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic where tc.relname = 'orders' AND n.nspname = 'ods' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't' AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1] AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid order by ia.attnum
-- @columns attname|attnum|relname|nspname|relname
-- @rows 1
-- @row order_id|1|orders_pkey|ods|orders

-- @query 7, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname = 'orders' and n.nspname = 'ods') inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @rows 6
-- @row ods|orders|order_id|20|int8|1|8|-1|t|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|城市|1043|varchar|2|-1|36|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|amount|1700|numeric|3|-1|655366|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|tags|1009|_text|4|-1|-1|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|created_at|1114|timestamp|5|8|3|t|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|net|1700|numeric|6|-1|655366|f|f|r|{{ods.orders}}|(amount * 0.9)|0|-1|0||f

-- @query 8, pg_index
select c.relname, i.indkey, i.indisunique, i.indisclustered, a.amname, c.relhasrules, n.nspname, c.oid, 0, i.indoption from pg_catalog.pg_index i, pg_catalog.pg_class c, pg_catalog.pg_class d, pg_catalog.pg_am a, pg_catalog.pg_namespace n where d.relname = 'orders' and n.nspname = 'ods' and n.oid = d.relnamespace and d.oid = i.indrelid and i.indexrelid = c.oid and c.relam = a.oid order by i.indisprimary desc, i.indisunique, n.nspname, c.relname
-- @columns relname|indkey|indisunique|indisclustered|amname|relhasrules|nspname|oid|?column?|indoption
-- @rows 1
-- @row orders_pkey|1|t|f|btree|f|ods|{{ods.orders_pkey}}|0|0

-- @query 9, pg_constraint
select	'millrace'::name as "PKTABLE_CAT",
	n2.nspname as "PKTABLE_SCHEM",
	c2.relname as "PKTABLE_NAME",
	a2.attname as "PKCOLUMN_NAME",
	'millrace'::name as "FKTABLE_CAT",
	n1.nspname as "FKTABLE_SCHEM",
	c1.relname as "FKTABLE_NAME",
	a1.attname as "FKCOLUMN_NAME",
	i::int2 as "KEY_SEQ",
	case ref.confupdtype
		when 'c' then 0::int2
		when 'n' then 2::int2
		when 'd' then 4::int2
		when 'r' then 1::int2
		else 3::int2
	end as "UPDATE_RULE",
	case ref.confdeltype
		when 'c' then 0::int2
		when 'n' then 2::int2
		when 'd' then 4::int2
		when 'r' then 1::int2
		else 3::int2
	end as "DELETE_RULE",
	ref.conname as "FK_NAME",
	cn.conname as "PK_NAME",
	case
		when ref.condeferrable then
			case
			when ref.condeferred then 5::int2
			else 6::int2
			end
		else 7::int2
	end as "DEFERRABILITY"
 from
 ((((((( (select cn.oid, conrelid, conkey, confrelid, confkey,
	 generate_series(array_lower(conkey, 1), array_upper(conkey, 1)) as i,
	 confupdtype, confdeltype, conname,
	 condeferrable, condeferred
  from pg_catalog.pg_constraint cn,
	pg_catalog.pg_class c,
	pg_catalog.pg_namespace n
  where contype = 'f' 
   and  confrelid = c.oid
   and  relname = 'orders'
   and  n.oid = c.relnamespace
   and  n.nspname = 'ods'
 ) ref
 inner join pg_catalog.pg_class c1
  on c1.oid = ref.conrelid)
 inner join pg_catalog.pg_namespace n1
  on  n1.oid = c1.relnamespace)
 inner join pg_catalog.pg_attribute a1
  on  a1.attrelid = c1.oid
  and  a1.attnum = conkey[i])
 inner join pg_catalog.pg_class c2
  on  c2.oid = ref.confrelid)
 inner join pg_catalog.pg_namespace n2
  on  n2.oid = c2.relnamespace)
 inner join pg_catalog.pg_attribute a2
  on  a2.attrelid = c2.oid
  and  a2.attnum = confkey[i])
 left outer join pg_catalog.pg_constraint cn
  on cn.conrelid = ref.confrelid
  and cn.contype = 'p')
  order by ref.oid, ref.i
-- @columns PKTABLE_CAT|PKTABLE_SCHEM|PKTABLE_NAME|PKCOLUMN_NAME|FKTABLE_CAT|FKTABLE_SCHEM|FKTABLE_NAME|FKCOLUMN_NAME|KEY_SEQ|UPDATE_RULE|DELETE_RULE|FK_NAME|PK_NAME|DEFERRABILITY
-- @rows 0

-- @query 10, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.oid = 2615) inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @row *|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*

-- @query 11, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.oid = 1259) inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @row *|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*

-- @query 12, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.oid = 1249) inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @row *|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*

-- @query 13, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.oid = 2606) inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @row *|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*

-- @query 14, pg_namespace
select c.relhasrules, c.relkind, 0 as relhasoids from pg_catalog.pg_namespace u, pg_catalog.pg_class c where u.oid = c.relnamespace and c.relname = 'orders' and u.nspname = 'ods'
-- @columns relhasrules|relkind|relhasoids
-- @row *|*|*

-- @query 15, pg_namespace
select ''::varchar as PROCEDURE_CAT, nspname as PROCEDURE_SCHEM, proname as PROCEDURE_NAME, ''::varchar as NUM_INPUT_PARAMS, ''::varchar as NUM_OUTPUT_PARAMS, ''::varchar as NUM_RESULT_SETS, ''::varchar as REMARKS, case when prorettype = 0 then 1::int2 else 2::int2 end as PROCEDURE_TYPE from pg_catalog.pg_namespace, pg_catalog.pg_proc where pg_proc.pronamespace = pg_namespace.oid
-- @columns procedure_cat|procedure_schem|procedure_name|num_input_params|num_output_params|num_result_sets|remarks|procedure_type
-- @row *|*|*|*|*|*|*|*

-- @query 16, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.oid = 1255) inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @row *|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*|*

-- @query 17, pg_namespace
select proname, proretset, prorettype, pronargs, proargtypes, nspname, p.oid, atttypid, attname, proargnames, proargmodes, proallargtypes from ((pg_catalog.pg_namespace n inner join pg_catalog.pg_proc p on p.pronamespace = n.oid) inner join pg_type t on t.oid = p.prorettype) left outer join pg_attribute a on a.attrelid = t.typrelid  and attnum > 0 and not attisdropped where has_function_privilege(p.oid, 'EXECUTE') order by nspname, proname, p.oid, attnum
-- @columns proname|proretset|prorettype|pronargs|proargtypes|nspname|oid|atttypid|attname|proargnames|proargmodes|proallargtypes
-- @row *|*|*|*|*|*|*|*|*|*|*|*

-- @query 18, pg_class
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.oid = {{ods.orders}}) inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
-- @columns nspname|relname|attname|atttypid|typname|attnum|attlen|atttypmod|attnotnull|relhasrules|relkind|oid|pg_get_expr|case|typtypmod|?column?|attidentity|relhassubclass
-- @rows 6
-- @row ods|orders|order_id|20|int8|1|8|-1|t|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|城市|1043|varchar|2|-1|36|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|amount|1700|numeric|3|-1|655366|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|tags|1009|_text|4|-1|-1|f|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|created_at|1114|timestamp|5|8|3|t|f|r|{{ods.orders}}|\N|0|-1|0||f
-- @row ods|orders|net|1700|numeric|6|-1|655366|f|f|r|{{ods.orders}}|(amount * 0.9)|0|-1|0||f
