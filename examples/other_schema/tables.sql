CREATE TABLE datasets (
  id NUMBER(11) NOT NULL,
  name VARCHAR2(500) NOT NULL,
  created TIMESTAMP DEFAULT SYSTIMESTAMP,
  CONSTRAINT datasets_pk PRIMARY KEY (id),
  CONSTRAINT datasets_name_uk UNIQUE (name)
);

CREATE TABLE files (
  dataset_id NUMBER(11) NOT NULL,
  lfn VARCHAR2(700) NOT NULL,
  bytes NUMBER(20) DEFAULT 0,
  CONSTRAINT files_pk PRIMARY KEY (lfn),
  CONSTRAINT files_dataset_fk FOREIGN KEY (dataset_id) REFERENCES datasets (id) ON DELETE CASCADE
);

CREATE INDEX files_dataset_ix ON files (dataset_id);
