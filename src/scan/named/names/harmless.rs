//! Names that tell of nobody, though they sound like it, or though their values look like it: numbers of
//! builds, orders and parcels, hashes, identifiers of traces.

use super::{Class, Row};

pub(super) const ROWS: &[Row] = &[
    (
        Class::Harmless,
        "page token,next token,next page token,previous page token,continuation token,sync token,\
         progress token,cursor token,csrf token name,token name,secret name,key name,primary key,sort key,\
         partition key,foreign key,public key,gpg key,idempotency key,cache key,object key,routing key,group key,\
         row key,hash key,range key,shard key,column key,translation key,i18n key,config key,feature key,\
         issue key,project key,event key,map key,json key,tag key,label key,order key,path key,parent key,\
         storage key,s3 key,hot key,access key id,key id,kid",
    ),
    (
        Class::Harmless,
        "version,ver,build,build number,build id,revision,rev,release,sdk,agent,user agent,commit,\
         commit id,commit sha,sha,sha1,sha256,sha512,md5,hash,digest,checksum,etag,trace,trace id,span,\
         span id,request id,correlation id,req id,cursor,next cursor,offset,seq,sequence,sequence number,\
         lsn,timestamp,ts,epoch,duration,size,bytes,count,total,amount,price,qty,quantity,isbn,ean,upc,\
         gtin,asin,mpn,sku,part number,part no,order,order id,order no,order number,invoice,invoice id,\
         invoice no,invoice number,tracking,tracking id,tracking no,tracking number,ticket,ticket id,\
         ticket number,lot,lot number,batch,batch id,batch number,port,pid,process id,thread id,color,\
         colour,lng,lon,model,model number,firmware,job id,run id,task id,event id,message id,\
         transaction id,product id,item id,node id,pod,snowflake,uuid,guid,elapsed,latency,retry after,\
         error code,status code,exit code,doi,issn",
    ),
    // Names of numbers of states that end as others do.
    (
        Class::Harmless,
        "design pattern,rfc number,rfc title,issuing authority,card type,card brand,license type",
    ),
];
