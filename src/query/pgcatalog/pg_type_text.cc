// PostgreSQL 15's builtin types and their input and output functions, by its own identifiers.
#include "query/pgcatalog/pg_type_text.h"

namespace millrace::query::pgcatalog {

std::string_view BuiltinTypeText() {
  return R"(
16 bool 1 t b B t 0 1000 c p 0 1242 1243 2436 2437
17 bytea -1 f b U f 0 1001 i x 0 1244 31 2412 2413
18 char 1 t b Z f 0 1002 c p 0 1245 33 2434 2435
19 name 64 f b S f 18 1003 c p 950 34 35 2422 2423
20 int8 8 t b N f 0 1016 d p 0 460 461 2408 2409
21 int2 2 t b N f 0 1005 s p 0 38 39 2404 2405
22 int2vector -1 f b A f 21 1006 i p 0 40 41 2410 2411
23 int4 4 t b N f 0 1007 i p 0 42 43 2406 2407
24 regproc 4 t b N f 0 1008 i p 0 44 45 2444 2445
25 text -1 f b S t 0 1009 i x 100 46 47 2414 2415
26 oid 4 t b N t 0 1028 i p 0 1798 1799 2418 2419
27 tid 6 f b U f 0 1010 s p 0 48 49 2438 2439
28 xid 4 t b U f 0 1011 i p 0 50 51 2440 2441
29 cid 4 t b U f 0 1012 i p 0 52 53 2442 2443
30 oidvector -1 f b A f 26 1013 i p 0 54 55 2420 2421
114 json -1 f b U f 0 199 i x 0 321 322 323 324
142 xml -1 f b U f 0 143 i x 0 2893 2894 2898 2899
143 _xml -1 f b A f 142 0 i x 0 750 751 2400 2401
194 pg_node_tree -1 f b Z f 0 0 i x 100 195 196 197 198
199 _json -1 f b A f 114 0 i x 0 750 751 2400 2401
210 _pg_type -1 f b A f 71 0 d x 0 750 751 2400 2401
270 _pg_attribute -1 f b A f 75 0 d x 0 750 751 2400 2401
271 _xid8 -1 f b A f 5069 0 d x 0 750 751 2400 2401
272 _pg_proc -1 f b A f 81 0 d x 0 750 751 2400 2401
273 _pg_class -1 f b A f 83 0 d x 0 750 751 2400 2401
600 point 16 f b G f 701 1017 d p 0 117 118 2428 2429
650 cidr -1 f b I f 0 651 i m 0 1267 1427 2498 2499
651 _cidr -1 f b A f 650 0 i x 0 750 751 2400 2401
700 float4 4 t b N f 0 1021 i p 0 200 201 2424 2425
701 float8 8 t b N t 0 1022 d p 0 214 215 2426 2427
705 unknown -2 f p X f 0 0 c p 0 109 110 2416 2417
790 money 8 t b N f 0 791 d p 0 886 887 2492 2493
791 _money -1 f b A f 790 0 d x 0 750 751 2400 2401
829 macaddr 6 f b U f 0 1040 i p 0 436 437 2494 2495
869 inet -1 f b I t 0 1041 i m 0 910 911 2496 2497
1000 _bool -1 f b A f 16 0 i x 0 750 751 2400 2401
1001 _bytea -1 f b A f 17 0 i x 0 750 751 2400 2401
1002 _char -1 f b A f 18 0 i x 0 750 751 2400 2401
1003 _name -1 f b A f 19 0 i x 950 750 751 2400 2401
1005 _int2 -1 f b A f 21 0 i x 0 750 751 2400 2401
1006 _int2vector -1 f b A f 22 0 i x 0 750 751 2400 2401
1007 _int4 -1 f b A f 23 0 i x 0 750 751 2400 2401
1008 _regproc -1 f b A f 24 0 i x 0 750 751 2400 2401
1009 _text -1 f b A f 25 0 i x 100 750 751 2400 2401
1010 _tid -1 f b A f 27 0 i x 0 750 751 2400 2401
1011 _xid -1 f b A f 28 0 i x 0 750 751 2400 2401
1012 _cid -1 f b A f 29 0 i x 0 750 751 2400 2401
1013 _oidvector -1 f b A f 30 0 i x 0 750 751 2400 2401
1014 _bpchar -1 f b A f 1042 0 i x 100 750 751 2400 2401
1015 _varchar -1 f b A f 1043 0 i x 100 750 751 2400 2401
1016 _int8 -1 f b A f 20 0 d x 0 750 751 2400 2401
1017 _point -1 f b A f 600 0 d x 0 750 751 2400 2401
1021 _float4 -1 f b A f 700 0 i x 0 750 751 2400 2401
1022 _float8 -1 f b A f 701 0 d x 0 750 751 2400 2401
1028 _oid -1 f b A f 26 0 i x 0 750 751 2400 2401
1033 aclitem 12 f b U f 0 1034 i p 0 1031 1032 0 0
1034 _aclitem -1 f b A f 1033 0 i x 0 750 751 2400 2401
1040 _macaddr -1 f b A f 829 0 i x 0 750 751 2400 2401
1041 _inet -1 f b A f 869 0 i x 0 750 751 2400 2401
1042 bpchar -1 f b S f 0 1014 i x 100 1044 1045 2430 2431
1043 varchar -1 f b S f 0 1015 i x 100 1046 1047 2432 2433
1082 date 4 t b D f 0 1182 i p 0 1084 1085 2468 2469
1083 time 8 t b D f 0 1183 d p 0 1143 1144 2470 2471
1114 timestamp 8 t b D f 0 1115 d p 0 1312 1313 2474 2475
1115 _timestamp -1 f b A f 1114 0 d x 0 750 751 2400 2401
1182 _date -1 f b A f 1082 0 i x 0 750 751 2400 2401
1183 _time -1 f b A f 1083 0 d x 0 750 751 2400 2401
1184 timestamptz 8 t b D t 0 1185 d p 0 1150 1151 2476 2477
1185 _timestamptz -1 f b A f 1184 0 d x 0 750 751 2400 2401
1186 interval 16 f b T t 0 1187 d p 0 1160 1161 2478 2479
1187 _interval -1 f b A f 1186 0 d x 0 750 751 2400 2401
1231 _numeric -1 f b A f 1700 0 i x 0 750 751 2400 2401
1263 _cstring -1 f b A f 2275 0 i x 0 750 751 2400 2401
1266 timetz 12 f b D f 0 1270 d p 0 1350 1351 2472 2473
1270 _timetz -1 f b A f 1266 0 d x 0 750 751 2400 2401
1560 bit -1 f b V f 0 1561 i x 0 1564 1565 2456 2457
1561 _bit -1 f b A f 1560 0 i x 0 750 751 2400 2401
1562 varbit -1 f b V t 0 1563 i x 0 1579 1580 2458 2459
1563 _varbit -1 f b A f 1562 0 i x 0 750 751 2400 2401
1700 numeric -1 f b N f 0 1231 i m 0 1701 1702 2460 2461
2202 regprocedure 4 t b N f 0 2207 i p 0 2212 2213 2446 2447
2203 regoper 4 t b N f 0 2208 i p 0 2214 2215 2448 2449
2204 regoperator 4 t b N f 0 2209 i p 0 2216 2217 2450 2451
2205 regclass 4 t b N f 0 2210 i p 0 2218 2219 2452 2453
2206 regtype 4 t b N f 0 2211 i p 0 2220 2221 2454 2455
2207 _regprocedure -1 f b A f 2202 0 i x 0 750 751 2400 2401
2208 _regoper -1 f b A f 2203 0 i x 0 750 751 2400 2401
2209 _regoperator -1 f b A f 2204 0 i x 0 750 751 2400 2401
2210 _regclass -1 f b A f 2205 0 i x 0 750 751 2400 2401
2211 _regtype -1 f b A f 2206 0 i x 0 750 751 2400 2401
2249 record -1 f p P f 0 2287 d x 0 2290 2291 2402 2403
2275 cstring -2 f p P f 0 1263 c p 0 2292 2293 2500 2501
2276 any 4 t p P f 0 0 i p 0 2294 2295 0 0
2277 anyarray -1 f p P f 0 0 d x 0 2296 2297 2502 2503
2278 void 4 t p P f 0 0 i p 0 2298 2299 3120 3121
2279 trigger 4 t p P f 0 0 i p 0 2300 2301 0 0
2283 anyelement 4 t p P f 0 0 i p 0 2312 2313 0 0
2287 _record -1 f p P f 2249 0 d x 0 750 751 2400 2401
2776 anynonarray 4 t p P f 0 0 i p 0 2777 2778 0 0
2950 uuid 16 f b U f 0 2951 c p 0 2952 2953 2961 2962
2951 _uuid -1 f b A f 2950 0 i x 0 750 751 2400 2401
3220 pg_lsn 8 t b U f 0 3221 d p 0 3229 3230 3238 3239
3221 _pg_lsn -1 f b A f 3220 0 d x 0 750 751 2400 2401
3500 anyenum 4 t p P f 0 0 i p 0 3504 3505 0 0
3802 jsonb -1 f b U f 0 3807 i x 0 3806 3804 3805 3803
3807 _jsonb -1 f b A f 3802 0 i x 0 750 751 2400 2401
3831 anyrange -1 f p P f 0 0 d x 0 3832 3833 0 0
3904 int4range -1 f r R f 0 3905 i x 0 3834 3835 3836 3837
3905 _int4range -1 f b A f 3904 0 i x 0 750 751 2400 2401
3906 numrange -1 f r R f 0 3907 i x 0 3834 3835 3836 3837
3907 _numrange -1 f b A f 3906 0 i x 0 750 751 2400 2401
3908 tsrange -1 f r R f 0 3909 d x 0 3834 3835 3836 3837
3909 _tsrange -1 f b A f 3908 0 d x 0 750 751 2400 2401
3910 tstzrange -1 f r R f 0 3911 d x 0 3834 3835 3836 3837
3911 _tstzrange -1 f b A f 3910 0 d x 0 750 751 2400 2401
3912 daterange -1 f r R f 0 3913 i x 0 3834 3835 3836 3837
3913 _daterange -1 f b A f 3912 0 i x 0 750 751 2400 2401
3926 int8range -1 f r R f 0 3927 d x 0 3834 3835 3836 3837
3927 _int8range -1 f b A f 3926 0 d x 0 750 751 2400 2401
4072 jsonpath -1 f b U f 0 4073 i x 0 4001 4003 4002 4004
4073 _jsonpath -1 f b A f 4072 0 i x 0 750 751 2400 2401
4089 regnamespace 4 t b N f 0 4090 i p 0 4084 4085 4087 4088
4090 _regnamespace -1 f b A f 4089 0 i x 0 750 751 2400 2401
4096 regrole 4 t b N f 0 4097 i p 0 4098 4092 4094 4095
4097 _regrole -1 f b A f 4096 0 i x 0 750 751 2400 2401
4451 int4multirange -1 f m R f 0 6150 i x 0 4231 4232 4233 4234
4532 nummultirange -1 f m R f 0 6151 i x 0 4231 4232 4233 4234
4533 tsmultirange -1 f m R f 0 6152 d x 0 4231 4232 4233 4234
4534 tstzmultirange -1 f m R f 0 6153 d x 0 4231 4232 4233 4234
4535 datemultirange -1 f m R f 0 6155 i x 0 4231 4232 4233 4234
4536 int8multirange -1 f m R f 0 6157 d x 0 4231 4232 4233 4234
4537 anymultirange -1 f p P f 0 0 d x 0 4229 4230 0 0
5069 xid8 8 t b U f 0 271 d p 0 5070 5081 5082 5083
6150 _int4multirange -1 f b A f 4451 0 i x 0 750 751 2400 2401
6151 _nummultirange -1 f b A f 4532 0 i x 0 750 751 2400 2401
6152 _tsmultirange -1 f b A f 4533 0 d x 0 750 751 2400 2401
6153 _tstzmultirange -1 f b A f 4534 0 d x 0 750 751 2400 2401
6155 _datemultirange -1 f b A f 4535 0 i x 0 750 751 2400 2401
6157 _int8multirange -1 f b A f 4536 0 d x 0 750 751 2400 2401
)";
}

std::string_view TypeFunctionText() {
  return R"(
31 byteaout 33 charout 34 namein 35 nameout 38 int2in 39 int2out 40 int2vectorin 41 int2vectorout 42 int4in
43 int4out 44 regprocin 45 regprocout 46 textin 47 textout 48 tidin 49 tidout 50 xidin 51 xidout 52 cidin 53
cidout 54 oidvectorin 55 oidvectorout 109 unknownin 110 unknownout 117 point_in 118 point_out 195
pg_node_tree_in 196 pg_node_tree_out 197 pg_node_tree_recv 198 pg_node_tree_send 200 float4in 201 float4out
214 float8in 215 float8out 321 json_in 322 json_out 323 json_recv 324 json_send 436 macaddr_in 437
macaddr_out 460 int8in 461 int8out 750 array_in 751 array_out 886 cash_in 887 cash_out 910 inet_in 911
inet_out 1031 aclitemin 1032 aclitemout 1044 bpcharin 1045 bpcharout 1046 varcharin 1047 varcharout 1084
date_in 1085 date_out 1143 time_in 1144 time_out 1150 timestamptz_in 1151 timestamptz_out 1160 interval_in
1161 interval_out 1242 boolin 1243 boolout 1244 byteain 1245 charin 1267 cidr_in 1312 timestamp_in 1313
timestamp_out 1350 timetz_in 1351 timetz_out 1427 cidr_out 1564 bit_in 1565 bit_out 1579 varbit_in 1580
varbit_out 1701 numeric_in 1702 numeric_out 1798 oidin 1799 oidout 2212 regprocedurein 2213 regprocedureout
2214 regoperin 2215 regoperout 2216 regoperatorin 2217 regoperatorout 2218 regclassin 2219 regclassout 2220
regtypein 2221 regtypeout 2290 record_in 2291 record_out 2292 cstring_in 2293 cstring_out 2294 any_in 2295
any_out 2296 anyarray_in 2297 anyarray_out 2298 void_in 2299 void_out 2300 trigger_in 2301 trigger_out 2312
anyelement_in 2313 anyelement_out 2400 array_recv 2401 array_send 2402 record_recv 2403 record_send 2404
int2recv 2405 int2send 2406 int4recv 2407 int4send 2408 int8recv 2409 int8send 2410 int2vectorrecv 2411
int2vectorsend 2412 bytearecv 2413 byteasend 2414 textrecv 2415 textsend 2416 unknownrecv 2417 unknownsend
2418 oidrecv 2419 oidsend 2420 oidvectorrecv 2421 oidvectorsend 2422 namerecv 2423 namesend 2424 float4recv
2425 float4send 2426 float8recv 2427 float8send 2428 point_recv 2429 point_send 2430 bpcharrecv 2431
bpcharsend 2432 varcharrecv 2433 varcharsend 2434 charrecv 2435 charsend 2436 boolrecv 2437 boolsend 2438
tidrecv 2439 tidsend 2440 xidrecv 2441 xidsend 2442 cidrecv 2443 cidsend 2444 regprocrecv 2445 regprocsend
2446 regprocedurerecv 2447 regproceduresend 2448 regoperrecv 2449 regopersend 2450 regoperatorrecv 2451
regoperatorsend 2452 regclassrecv 2453 regclasssend 2454 regtyperecv 2455 regtypesend 2456 bit_recv 2457
bit_send 2458 varbit_recv 2459 varbit_send 2460 numeric_recv 2461 numeric_send 2468 date_recv 2469 date_send
2470 time_recv 2471 time_send 2472 timetz_recv 2473 timetz_send 2474 timestamp_recv 2475 timestamp_send 2476
timestamptz_recv 2477 timestamptz_send 2478 interval_recv 2479 interval_send 2492 cash_recv 2493 cash_send
2494 macaddr_recv 2495 macaddr_send 2496 inet_recv 2497 inet_send 2498 cidr_recv 2499 cidr_send 2500
cstring_recv 2501 cstring_send 2502 anyarray_recv 2503 anyarray_send 2777 anynonarray_in 2778
anynonarray_out 2893 xml_in 2894 xml_out 2898 xml_recv 2899 xml_send 2952 uuid_in 2953 uuid_out 2961
uuid_recv 2962 uuid_send 3120 void_recv 3121 void_send 3229 pg_lsn_in 3230 pg_lsn_out 3238 pg_lsn_recv 3239
pg_lsn_send 3504 anyenum_in 3505 anyenum_out 3803 jsonb_send 3804 jsonb_out 3805 jsonb_recv 3806 jsonb_in
3832 anyrange_in 3833 anyrange_out 3834 range_in 3835 range_out 3836 range_recv 3837 range_send 4001
jsonpath_in 4002 jsonpath_recv 4003 jsonpath_out 4004 jsonpath_send 4084 regnamespacein 4085 regnamespaceout
4087 regnamespacerecv 4088 regnamespacesend 4092 regroleout 4094 regrolerecv 4095 regrolesend 4098 regrolein
4229 anymultirange_in 4230 anymultirange_out 4231 multirange_in 4232 multirange_out 4233 multirange_recv
4234 multirange_send 5070 xid8in 5081 xid8out 5082 xid8recv 5083 xid8send
)";
}

}  // namespace millrace::query::pgcatalog
