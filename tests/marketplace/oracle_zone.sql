-- The local time in the variable zone at a time in UTC, and its calendar day.

CREATE SCHEMA IF NOT EXISTS oracle;
CREATE OR REPLACE MACRO oracle.local(moment) AS
    timezone(getvariable('zone'), timezone('UTC', moment));
CREATE OR REPLACE MACRO oracle.day_of(moment) AS oracle.local(moment)::DATE;
